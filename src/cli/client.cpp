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
  const auto uid = uid_of_listener(socket->get());
  if (!uid) return fail(uid.error());
  const auto own = ::geteuid();
  const bool believed = *uid == 0 || *uid == own || (own == 0 && uid_of_pid_1() == *uid);
  if (!believed) {
    return fail(path + ": user " + std::to_string(*uid) + " listens there, who is not the init's");
  }
  return std::move(*socket);
}

bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd one{fd, events, 0};
    const int count = ::poll(&one, 1, static_cast<int>(std::min<long>(left, 1'000'000)));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

/// Everything up to the end of the stream.
Result<std::string> exchange_bytes(int fd, std::string_view request, Clock::time_point deadline) {
  while (!request.empty()) {
    const auto sent = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      request.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN || !wait_for(fd, POLLOUT, deadline)) {
      return fail("cannot send to the init: " + errno_text(errno));
    }
  }
  std::string answer;
  char buffer[16 * 1024];
  while (answer.size() < kAnswerMax) {
    const auto count = ::recv(fd, buffer, sizeof buffer, 0);
    if (count == 0) return answer;
    if (count > 0) {
      answer.append(buffer, static_cast<std::size_t>(count));
    } else if (errno != EAGAIN) {
      return fail("cannot read the init's answer: " + errno_text(errno));
    } else if (!wait_for(fd, POLLIN, deadline)) {
      return fail("cannot get an answer of the init in time");
    }
  }
  return fail("cannot read the init's answer: it is too long");
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
  const auto answer = exchange_bytes(socket->get(),
                                     std::string(method) + " " + target +
                                         " HTTP/1.1\r\nHost: bootsman\r\nContent-Length: 0\r\n"
                                         "Connection: close\r\n\r\n",
                                     deadline);
  if (!answer) return fail(answer.error());
  if (answer->empty()) return fail("cannot get an answer: the init closed the connection");
  const auto status = ReplyParser().feed(*answer);
  const auto body = answer->find("\r\n\r\n");
  if (!status || !*status || body == answer->npos) {
    return fail("cannot understand the init's answer: it is no HTTP");
  }
  ControlReply reply;
  reply.status = **status;
  reply.text = answer->substr(body + 4);
  auto value = parse_json(reply.text);
  if (!value) return fail("cannot understand the init's answer: it is no JSON");
  reply.body = std::move(*value);
  return reply;
}

}  // namespace bootsman
