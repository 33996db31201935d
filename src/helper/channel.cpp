#include "helper/channel.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/json.h"

namespace bootsman {

namespace {
/// All environment variables and settings; a kernel allows 6 MiB of the former at most.
constexpr std::size_t kRequestMax = 16U << 20;
}  // namespace

Channel::Channel(int fd) : fd_(fd) {
  (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
  (void)::signal(SIGPIPE, SIG_IGN);
}

Result<Value> Channel::read_request() {
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::string("cannot read the request: ") + std::strerror(errno));
    if (n == 0) return parse_json(text);
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > kRequestMax) return fail("cannot read the request: it is over 16 MiB");
  }
}

Result<Value> Channel::read_line() {
  std::string text;
  for (;;) {
    char byte = '\0';
    const ssize_t n = ::read(fd_, &byte, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::string("cannot read the request: ") + std::strerror(errno));
    if (n == 0 || byte == '\n') return parse_json(text);
    text += byte;
    if (text.size() > kRequestMax) return fail("cannot read the request: it is over 16 MiB");
  }
}

void Channel::answer(const Value& message) {
  const std::string line = to_json(message) + "\n";
  std::string_view rest = line;
  while (!gone_ && !rest.empty()) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    gone_ = n < 0;
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace bootsman
