#include "shell/log_file.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "shell/clock.h"

namespace bootsman {
namespace {

constexpr Millis kConnectAgain{1000};

int milliseconds_until(MonoTime deadline) {
  const auto left = std::chrono::ceil<Millis>(deadline - mono_now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

}  // namespace

LogFile::LogFile(uv_loop_t* loop, std::array<LineFormat, 2> formats,
                 std::function<Result<UniqueFd>()> open)
    : loop_(loop),
      formats_(std::move(formats)),
      open_(std::move(open)),
      source_(queue_.add_source()) {}

void LogFile::put(StreamKind kind, const LinePiece& piece, LineScratch& scratch,
                  std::int64_t wall_us) {
  if (queue_.has_dropped(source_)) {
    if (!queue_.may_resume(source_)) return queue_.drop(source_, piece.text.size() + 1);
    say_dropped(scratch, wall_us);
  } else if (!queue_.has_room(source_)) {
    return queue_.drop(source_, piece.text.size() + 1);
  }
  append_line(queue_, source_, formats_[static_cast<std::size_t>(kind)], piece, scratch, wall_us);
}

void LogFile::say_dropped(LineScratch& scratch, std::int64_t wall_us) {
  const auto dropped = queue_.take_dropped(source_);
  const std::string text = "[bootsman: " + std::to_string(dropped.lines) +
                           (dropped.lines == 1 ? " line (" : " lines (") + say_size(dropped.bytes) +
                           ") were dropped here, since the file took no more]";
  append_line(queue_, source_, formats_.front(), {text, false}, scratch, wall_us);
}

void LogFile::connect(MonoTime now) {
  if (connected_ && now < *connected_ + kConnectAgain) return;
  connected_ = now;
  auto socket = open_();
  if (!socket) return;
  socket_ = std::move(*socket);
  auto watch = FdWatch::make(loop_, socket_.get(), [this] {
    watch_.stop();
    waiting_ = false;
    flush(mono_now());
  });
  if (watch) watch_ = std::move(*watch);
}

void LogFile::flush(MonoTime now) {
  if (waiting_ || queue_.empty()) return;
  if (!socket_) connect(now);
  if (!socket_ || write_some()) return;
  waiting_ = true;
  watch_.want_writable();
}

/// False: the socket takes no more now.
bool LogFile::write_some() {
  constexpr std::size_t kPieces = 16;
  while (!queue_.empty()) {
    std::string_view pieces[kPieces];
    iovec vectors[kPieces];
    const std::size_t count = queue_.front(pieces, kPieces);
    for (std::size_t i = 0; i < count; ++i)
      vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    const ssize_t n = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      queue_.consume(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      return false;
    } else if (errno != EINTR) {
      // The helper is gone; the next flush asks for another, which must not begin within a line.
      watch_ = FdWatch();
      socket_.reset();
      if (queue_.within_line()) drop_rest_of_line();
      return true;
    }
  }
  return true;
}

void LogFile::drop_rest_of_line() {
  std::string_view rest;
  if (queue_.front(&rest, 1) == 0) return;
  const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
  queue_.consume(end);
  queue_.drop(source_, end);
}

void LogFile::finish(MonoTime deadline) {
  if (!socket_) flush(mono_now());
  while (socket_ && !write_some() && mono_now() < deadline) {
    pollfd writable{socket_.get(), POLLOUT, 0};
    ::poll(&writable, 1, milliseconds_until(deadline));
  }
  if (!socket_) return;
  ::shutdown(socket_.get(), SHUT_WR);
  // The helper's end is closed when it has written all and ends.
  pollfd closed{socket_.get(), POLLIN, 0};
  while (::poll(&closed, 1, milliseconds_until(deadline)) <= 0 && mono_now() < deadline) {
  }
}

}  // namespace bootsman
