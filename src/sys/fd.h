#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace bootsman {

/// Owns one file descriptor; closes it once.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

/// A pipe, close-on-exec on both ends. The read end does not block; the write end blocks, as
/// programs expect of their stdout.
Result<Pipe> make_log_pipe();

/// A pipe, close-on-exec, on which neither end blocks.
Result<Pipe> make_nonblocking_pipe();

/// Both ends of a stream socketpair, close-on-exec; the first does not block.
Result<std::pair<UniqueFd, UniqueFd>> make_socketpair();

/// "WHAT: ERRNO's meaning", the meaning in lower case as errors of ours end.
std::string with_errno(std::string_view what, int error);

/// The errno's meaning: "no such file or directory".
std::string errno_text(int error);

/// Reads a whole file of at most `limit` bytes. For /proc, /sys and the configuration.
Result<std::string> read_text(const std::string& path, std::size_t limit = 1024 * 1024);

/// The same of an open file, from where it stands; `path` is its name for messages.
Result<std::string> read_rest(int fd, const std::string& path, std::size_t limit);

}  // namespace bootsman
