#include "shell/log_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "shell/clock.h"

namespace bootsman {
namespace {

constexpr std::size_t kPieces = 16;
constexpr int kStageSize = 1024 * 1024;

std::size_t gather(const OutQueue& queue, iovec* vectors) {
  std::string_view pieces[kPieces];
  const std::size_t count = queue.front(pieces, kPieces);
  for (std::size_t i = 0; i < count; ++i)
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  return count;
}

/// Whether `bytes` of these end within a line.
bool ends_within_line(const iovec* vectors, std::size_t bytes) {
  while (bytes > vectors->iov_len) bytes -= (vectors++)->iov_len;
  return bytes > 0 && static_cast<const char*>(vectors->iov_base)[bytes - 1] != '\n';
}

}  // namespace

LogOutput::LogOutput(uv_loop_t* loop, int fd, std::function<void()> drained)
    : loop_(loop), fd_(fd), last_progress_(mono_now()), drained_(std::move(drained)) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    broken_ = true;
    error_ = errno;
  }
  if (S_ISFIFO(status.st_mode)) {
    kind_ = Kind::Pipe;
    make_stage();
  } else if (S_ISSOCK(status.st_mode)) {
    kind_ = Kind::Socket;
  } else if (S_ISCHR(status.st_mode) && ::isatty(fd)) {
    terminal_ = true;
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    own_.reset(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own_) fd_ = own_.get();
  }
  make_watch();
}

void LogOutput::make_watch() {
  watch_.emplace(loop_, fd_, [this] {
    waiting_ = false;
    flush();
    drained_();
  });
}

/// Without a descriptor left it may fail; then it is tried again when it is needed.
bool LogOutput::make_stage() {
  auto pipe = make_nonblocking_pipe();
  if (!pipe) return false;
  stage_ = std::move(*pipe);
  // Fails under a user's pipe quota; then it is as large as the kernel gives.
  ::fcntl(stage_.write.get(), F_SETPIPE_SZ, kStageSize);
  return true;
}

/// Once: a reader that is slower than a flood gets a longer pipe, so that neither it nor the init
/// has to be woken for each 64 KiB. Says whether there is more room now.
bool LogOutput::widen() {
  constexpr int kWide = 128 * 1024;
  if (std::exchange(widened_, true)) return false;
  return ::fcntl(fd_, F_GETPIPE_SZ) < kWide && ::fcntl(fd_, F_SETPIPE_SZ, kWide) >= kWide;
}

LogOutput::Wrote LogOutput::write_pipe() {
  if (!stage_.write && !make_stage()) return Wrote::Blocked;
  for (;;) {
    if (staged_ == 0) {
      iovec vectors[kPieces];
      const std::size_t count = gather(queue_, vectors);
      if (count == 0) return Wrote::All;
      const ssize_t n = ::writev(stage_.write.get(), vectors, static_cast<int>(count));
      if (n <= 0) return Wrote::Blocked;
      staged_ = static_cast<std::size_t>(n);
      queue_.consume(staged_);
    }
    const ssize_t n = ::splice(stage_.read.get(), nullptr, fd_, nullptr, staged_,
                               SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (n > 0) {
      staged_ -= static_cast<std::size_t>(n);
      progressed_ = true;
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else if (n < 0 && errno == EAGAIN) {
      if (!widen()) return Wrote::Blocked;
    } else if (n < 0 && errno == ENOMEM) {
      return Wrote::Blocked;
    } else {
      error_ = n < 0 ? errno : EPIPE;
      return Wrote::Broken;
    }
  }
}

/// The rest of a line was lost on a full disk: what comes next must not look like it.
bool LogOutput::mend_line() {
  if (!torn_) return true;
  torn_ = ::write(fd_, "\n", 1) != 1;
  return !torn_;
}

LogOutput::Wrote LogOutput::write_direct() {
  for (;;) {
    iovec vectors[kPieces];
    const std::size_t count = gather(queue_, vectors);
    if (count == 0) return Wrote::All;
    if (!mend_line()) {
      discard(errno);
      return Wrote::All;
    }
    ssize_t n = 0;
    if (kind_ == Kind::Socket) {
      msghdr message{};
      message.msg_iov = vectors;
      message.msg_iovlen = count;
      n = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      n = ::writev(fd_, vectors, static_cast<int>(count));
    }
    if (n >= 0) {
      mid_line_ = ends_within_line(vectors, static_cast<std::size_t>(n));
      queue_.consume(static_cast<std::size_t>(n));
      progressed_ = true;
    } else if (errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS) {
      return Wrote::Blocked;
    } else if (errno == ENOSPC || errno == EDQUOT || errno == EIO) {
      // A full disk may have room again: these bytes are lost, later ones are tried.
      torn_ = mid_line_;
      discard(errno);
      return Wrote::All;
    } else if (errno != EINTR) {
      error_ = errno;
      return Wrote::Broken;
    }
  }
}

LogOutput::Wrote LogOutput::write_some() {
  const Wrote wrote = kind_ == Kind::Pipe ? write_pipe() : write_direct();
  if (std::exchange(progressed_, false)) last_progress_ = mono_now();
  return wrote;
}

void LogOutput::discard(int error) {
  error_ = error;
  lost_ += queue_.size();
  queue_.consume(queue_.size());
}

void LogOutput::flush() {
  if (broken_) return discard(error_);
  if (waiting_ || idle()) return;
  switch (write_some()) {
    case Wrote::All:
      return;
    case Wrote::Blocked:
      if (!watch_->possible()) make_watch();
      if (!watch_->possible()) return discard(EAGAIN);
      waiting_ = true;
      return watch_->arm();
    case Wrote::Broken:
      broken_ = true;
      lost_ += std::exchange(staged_, 0);
      return discard(error_);
  }
}

void LogOutput::flush_until(MonoTime deadline) {
  while (!broken_ && !idle()) {
    const Wrote wrote = write_some();
    if (wrote == Wrote::Broken) return;
    if (wrote == Wrote::All) continue;
    const auto left = std::chrono::duration_cast<Millis>(deadline - mono_now()).count();
    if (left <= 0) return;
    pollfd waits{fd_, POLLOUT, 0};
    ::poll(&waits, 1, static_cast<int>(std::min<long>(left, 1000)));
  }
}

}  // namespace bootsman
