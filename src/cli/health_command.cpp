#include "cli/health_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "base/text.h"
#include "base/version.h"
#include "cli/output.h"
#include "plan/endpoint.h"
#include "shell/address.h"
#include "shell/load_config.h"
#include "sys/fd.h"
#include "wire/http_reply.h"

namespace bootsman {

namespace {

constexpr int kNobodyListens = 69;
constexpr std::size_t kAnswerMax = 256 * 1024;

using Clock = std::chrono::steady_clock;

/// A connection of this short-lived process; every wait ends at one deadline.
class Connection {
 public:
  explicit Connection(Millis timeout) : deadline_(Clock::now() + timeout) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (fd_ >= 0) close(fd_);
  }

  /// errno, 0 when connected.
  int open(const SocketAddress& address) {
    fd_ = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return errno;
    if (connect(fd_, address.get(), address.size) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!wait(POLLOUT)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }

  /// Sends the request and reads the whole answer; empty when it does not come in time.
  std::string ask(const std::string& request) {
    if (send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      return "";
    }
    std::string answer;
    char buffer[16 * 1024];
    while (answer.size() < kAnswerMax) {
      if (!wait(POLLIN)) return "";
      const auto count = recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      answer.append(buffer, static_cast<std::size_t>(count));
    }
    return answer;
  }

 private:
  bool wait(short events) {
    for (;;) {
      const auto left = std::chrono::ceil<Millis>(deadline_ - Clock::now()).count();
      if (left <= 0) return false;
      pollfd one{fd_, events, 0};
      const int count = poll(&one, 1, static_cast<int>(left));
      if (count > 0) return true;
      if (count < 0 && errno != EINTR) return false;
    }
  }

  Clock::time_point deadline_;
  int fd_ = -1;
};

/// The http port of the configuration; the default one where that can't be read here. Nothing when
/// it is turned off.
std::optional<HealthTarget> configured_target() {
  HealthTarget target{"127.0.0.1"};
  ConfigRequest request;
  request.must_resolve = false;
  const auto cmdline = read_text("/proc/1/cmdline");
  if (auto path = cmdline ? config_of_init(*cmdline) : ""; !path.empty()) request.path = path;
  const auto loaded = load_configuration(request, own_environment());
  if (!loaded.ok()) return target;
  if (!loaded.plan.http.enabled || loaded.plan.http.listen.empty()) return std::nullopt;
  const auto& all = loaded.plan.http.listen;
  const auto port = std::ranges::find_if(
      all, [](const ListenAddress& address) { return socket_of(address).empty(); });
  const auto& first = port == all.end() ? all.front() : *port;
  target.port = first.port;
  target.host = first.host == "0.0.0.0" ? "127.0.0.1" : first.host == "::" ? "::1" : first.host;
  return target;
}

/// Why there is no target was said on stderr; `code` is the exit code then.
std::optional<HealthTarget> find_target(const Invocation& invocation, int& code) {
  std::optional<HealthTarget> target;
  if (const char* url = std::getenv("BOOTSMAN_HEALTH_URL"); url != nullptr && *url != '\0') {
    auto given = parse_health_url(url);
    if (!given) {
      code = complain("cannot use $BOOTSMAN_HEALTH_URL: " + given.error().message(), 2);
      return std::nullopt;
    }
    target = std::move(*given);
  } else if (target = configured_target(); !target) {
    code = complain(
        "cannot ask for the health: the configuration turns the http port off; set http.enabled = "
        "true, or $BOOTSMAN_HEALTH_URL",
        kNobodyListens);
    return std::nullopt;
  }
  for (const char* kind : {"live", "ready", "startup"}) {
    if (invocation.has(std::string("--") + kind)) target->path = std::string("/health/") + kind;
  }
  return target;
}

int show(const std::string& where, const std::string& answer) {
  const auto status = ReplyParser().feed(answer);
  if (answer.empty() || !status || !*status) {
    return complain("cannot read the health of Bootsman at " + where + ": " +
                        (answer.empty() ? "no answer in time" : "the answer is no HTTP"),
                    1);
  }
  const auto body = answer.find("\r\n\r\n");
  if (body != answer.npos) std::printf("%s\n", answer.c_str() + body + 4);
  return **status == 200 ? 0 : 1;
}

}  // namespace

std::string config_of_init(std::string_view cmdline) {
  std::vector<std::string> words;
  for (auto word : split(cmdline, '\0')) words.emplace_back(word);
  if (!words.empty() && words.back().empty()) words.pop_back();
  if (words.empty()) return "";
  const auto name = words.front().substr(words.front().rfind('/') + 1);
  if (name != "bootsman") return "";
  const auto asked = parse_arguments(std::span(words).subspan(1), true);
  return asked && asked->command->name == "run" ? asked->value("--config") : "";
}

Result<HealthTarget> parse_health_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  const auto wrong = [&] {
    return fail("cannot read \"" + printable(url) + "\": write http://ADDRESS:PORT");
  };
  if (!url.starts_with(kScheme)) return wrong();
  const auto rest = url.substr(kScheme.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  HealthTarget target;
  if (slash + 1 < rest.size()) target.path = rest.substr(slash);
  auto host = rest.substr(0, slash);
  target.port = 80;
  const auto colon = host.rfind(':');
  if (colon != host.npos && host.find(']', colon) == host.npos) {
    const auto port = parse_number(std::string_view(host).substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return wrong();
    target.port = static_cast<std::uint16_t>(*port);
    host.resize(colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  target.host = host == "localhost" ? "127.0.0.1" : host;
  if (!socket_address(target.host, target.port)) return wrong();
  return target;
}

int health_command(const Invocation& invocation, Millis timeout) {
  if (invocation.options.size() > 1) {
    return complain("bootsman health takes one of --live, --ready, --startup", 2);
  }
  int code = 0;
  const auto target = find_target(invocation, code);
  if (!target) return code;
  const ListenAddress asked{target->host, target->port};
  const auto where = say_address(asked);
  const auto address = socket_address(asked);
  if (!address) return complain(address.error().message(), 2);

  Connection connection(timeout);
  if (int error = connection.open(*address); error != 0) {
    return complain("cannot reach Bootsman at " + where + ": " + std::strerror(error) +
                        "; is `bootsman run` up, and its http port on?",
                    error == ETIMEDOUT ? 1 : kNobodyListens);
  }
  return show(where, connection.ask("GET " + target->path + " HTTP/1.1\r\nHost: " +
                                    (socket_of(asked).empty() ? where : "localhost") +
                                    "\r\nUser-Agent: bootsman/" + std::string(kVersion) +
                                    "\r\nConnection: close\r\n\r\n"));
}

}  // namespace bootsman
