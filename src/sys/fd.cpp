#include "sys/fd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

namespace bootsman {

void UniqueFd::reset(int fd) {
  // Linux frees the number even when close(2) says EINTR: never retried.
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

std::string errno_text(int error) {
  std::string text = std::strerror(error);
  // "Input/output error" → "input/output error", but "RPC …" stays.
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string with_errno(std::string_view what, int error) {
  return std::string(what) + ": " + errno_text(error);
}

namespace {
Result<Pipe> pipe_with(int flags) {
  int ends[2];
  if (::pipe2(ends, flags) != 0) return fail(with_errno("cannot make a pipe", errno));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}
}  // namespace

Result<Pipe> make_log_pipe() {
  auto pipe = pipe_with(O_CLOEXEC);
  if (!pipe) return pipe;
  if (::fcntl(pipe->read.get(), F_SETFL, O_NONBLOCK) != 0)
    return fail(with_errno("cannot set up a pipe", errno));
  return pipe;
}

Result<Pipe> make_nonblocking_pipe() {
  return pipe_with(O_CLOEXEC | O_NONBLOCK);
}

Result<std::pair<UniqueFd, UniqueFd>> make_socketpair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(with_errno("cannot make a socket pair", errno));
  std::pair<UniqueFd, UniqueFd> pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
    return fail(with_errno("cannot set up a socket pair", errno));
  return pair;
}

Result<std::string> read_text(const std::string& path, std::size_t limit) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(with_errno("cannot open " + path, errno));
  return read_rest(fd.get(), path, limit);
}

Result<std::string> read_rest(int fd, const std::string& path, std::size_t limit) {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(with_errno("cannot read " + path, errno));
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > limit)
      return fail("cannot read " + path + ": larger than " + std::to_string(limit) + " bytes");
  }
}

}  // namespace bootsman
