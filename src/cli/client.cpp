#include "cli/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <vector>

#include "base/json.h"
#include "shell/control_place.h"
#include "wire/http_reply.h"

namespace bootsman {

namespace {

using Clock = std::chrono::steady_clock;

/// How often, and how many times, a client that finds the init's queue full tries again.
constexpr int kRetryMs = 20;
constexpr int kRetries = 250;
constexpr Millis kHeadTimeout{10'000};
constexpr std::size_t kAnswerMax = 64 * 1024 * 1024;

std::optional<std::uint32_t> uid_of_pid_1() {
  struct stat found {};
  if (::stat("/proc/1", &found) != 0) return std::nullopt;
  return found.st_uid;
}

/// Connects to an init that may be believed.
Result<UniqueFd> connect_to(const std::string& path) {
  auto socket = connect_local(path);
  for (int i = 0; i < kRetries && !socket && socket.error() == EAGAIN; ++i) {
    ::poll(nullptr, 0, kRetryMs);
    socket = connect_local(path);
  }
  if (!socket) {
    return fail(path + ": " +
                (socket.error() == ECONNREFUSED ? "nobody listens" : errno_text(socket.error())));
  }
  const auto listener = listener_of(socket->get());
  if (!listener) return fail(listener.error());
  const auto uid = listener->uid;
  const auto own = ::geteuid();
  const bool believed = uid == 0 || uid == own || (own == 0 && uid_of_pid_1() == uid);
  if (!believed) {
    return fail(path + ": user " + std::to_string(uid) + " listens there, who is not the init's");
  }
  return std::move(*socket);
}

bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = deadline == Clock::time_point::max()
                          ? 1'000'000
                          : std::chrono::ceil<Millis>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd one{fd, events, 0};
    const int count = ::poll(&one, 1, static_cast<int>(std::min<long>(left, 1'000'000)));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

Result<void> send_all(int fd, std::string_view request, Clock::time_point deadline) {
  while (!request.empty()) {
    const auto sent = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      request.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN || !wait_for(fd, POLLOUT, deadline)) {
      return fail("cannot send to the init: " + errno_text(errno));
    }
  }
  return {};
}

/// Appends what comes next; false at the end of the stream.
Result<bool> receive(int fd, std::string& into, Clock::time_point deadline) {
  char buffer[16 * 1024];
  for (;;) {
    const auto count = ::recv(fd, buffer, sizeof buffer, 0);
    if (count == 0) return false;
    if (count > 0) {
      into.append(buffer, static_cast<std::size_t>(count));
      return true;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail("cannot read the init's answer: " + errno_text(errno));
    if (!wait_for(fd, POLLIN, deadline)) return fail("cannot get an answer of the init in time");
  }
}

/// Everything up to the end of the stream.
Result<std::string> exchange_bytes(int fd, std::string_view request, Clock::time_point deadline) {
  if (auto sent = send_all(fd, request, deadline); !sent) return fail(std::move(sent).error());
  std::string answer;
  while (answer.size() < kAnswerMax) {
    const auto more = receive(fd, answer, deadline);
    if (!more) return fail(more.error());
    if (!*more) return answer;
  }
  return fail("cannot read the init's answer: it is too long");
}

std::string request_bytes(std::string_view method, const std::string& target,
                          std::string_view version) {
  return std::string(method) + " " + target + " " + std::string(version) +
         "\r\nHost: bootsman\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

/// Takes a whole answer apart.
Result<ControlReply> to_reply(const std::string& answer) {
  if (answer.empty()) return fail("cannot get an answer: the init closed the connection");
  const auto status = ReplyParser().feed(answer);
  const auto body = answer.find("\r\n\r\n");
  if (!status || !*status || body == answer.npos) {
    return fail("cannot understand the init's answer: it is no HTTP");
  }
  ControlReply reply;
  reply.status = **status;
  reply.text = answer.substr(body + 4);
  auto value = parse_json(reply.text);
  if (!value) return fail("cannot understand the init's answer: it is no JSON");
  reply.body = std::move(*value);
  return reply;
}

}  // namespace

Result<ControlClient> ControlClient::find() {
  std::vector<std::uint32_t> uids{::geteuid()};
  if (const auto first = uid_of_pid_1()) uids.push_back(*first);
  std::string tried;
  for (const ControlPlace& place : control_places(uids)) {
    auto socket = connect_to(place.path);
    if (socket) return ControlClient(place.path);
    tried += "\n  " + socket.error().message();
  }
  return fail("cannot reach a running init; is `bootsman run` up? Tried:" + tried);
}

Result<ControlReply> ControlClient::ask(std::string_view method, const std::string& target,
                                        Millis timeout) const {
  const auto deadline = Clock::now() + timeout;
  const auto socket = connect_to(path_);
  if (!socket) return fail("cannot reach the init any more: " + socket.error().message());
  const auto answer =
      exchange_bytes(socket->get(), request_bytes(method, target, "HTTP/1.1"), deadline);
  if (!answer) return fail(answer.error());
  return to_reply(*answer);
}

Result<ControlReply> ControlClient::follow(
    const std::string& target, const std::function<bool(std::string_view)>& take) const {
  auto deadline = Clock::now() + kHeadTimeout;
  const auto socket = connect_to(path_);
  if (!socket) return fail("cannot reach the init any more: " + socket.error().message());
  // HTTP/1.0 has no chunks: the bytes come as they are.
  auto sent = send_all(socket->get(), request_bytes("GET", target, "HTTP/1.0"), deadline);
  if (!sent) return fail(std::move(sent).error());
  std::string bytes;
  bool streams = false;
  for (;;) {
    const auto more = receive(socket->get(), bytes, deadline);
    if (!more) return fail(more.error());
    const auto head = streams ? bytes.npos : bytes.find("\r\n\r\n");
    if (head != bytes.npos && bytes.starts_with("HTTP/1.1 200")) {
      streams = true;
      deadline = Clock::time_point::max();
      bytes.erase(0, head + 4);
    }
    if (streams && !bytes.empty()) {
      if (!take(bytes)) return ControlReply{200, {}, {}};
      bytes.clear();
    }
    if (!*more) return streams ? fail("the init has ended the connection") : to_reply(bytes);
  }
}

Result<std::variant<ControlReply, ControlUpgrade>> ControlClient::upgrade(
    const std::string& target, std::string_view protocol) const {
  const auto deadline = Clock::now() + kHeadTimeout;
  auto socket = connect_to(path_);
  if (!socket) return fail("cannot reach the init any more: " + socket.error().message());
  const std::string request = "POST " + target +
                              " HTTP/1.1\r\nHost: bootsman\r\nContent-Length: 0\r\n"
                              "Connection: close, Upgrade\r\nUpgrade: " +
                              std::string(protocol) + "\r\n\r\n";
  if (auto sent = send_all(socket->get(), request, deadline); !sent) {
    return fail(std::move(sent).error());
  }
  std::string bytes;
  for (;;) {
    const auto more = receive(socket->get(), bytes, deadline);
    if (!more) return fail(more.error());
    const auto head = bytes.find("\r\n\r\n");
    if (head != bytes.npos && bytes.starts_with("HTTP/1.1 101")) {
      return ControlUpgrade{std::move(*socket), bytes.substr(head + 4)};
    }
    if (*more) continue;
    auto reply = to_reply(bytes);
    if (!reply) return fail(std::move(reply).error());
    return std::move(*reply);
  }
}

}  // namespace bootsman
