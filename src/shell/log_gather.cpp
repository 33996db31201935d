#include <fcntl.h>

#include <algorithm>

#include "shell/log_hub.h"

// How a flood of small writes is read: not at each of them, but by a timer.

namespace bootsman {
namespace {

/// One pause: long against a write, short for a person who looks on.
constexpr std::uint64_t kGatherMs = 1;
/// A pause that brought less shows that the flood is over.
constexpr std::size_t kFlood = 4 * 1024;
/// What one stream may read at the end of a pause.
constexpr std::size_t kGatherMax = 512 * 1024;
constexpr std::size_t kReadAtLeast = 64 * 1024;
/// A pipe that a pause fills is made larger, up to this, or its writer would have to wait.
constexpr int kWidePipe = 512 * 1024;
/// Larger pipes at the same time: what they may hold counts against a limit of the user, beyond
/// which the kernel makes new pipes tiny.
constexpr std::size_t kWidePipesMax = 16;

}  // namespace

void LogHub::start_gathering(LogStream& stream) {
  if (stream.pipe_size == 0) {
    const int size = ::fcntl(stream.fd.get(), F_GETPIPE_SZ);
    stream.pipe_size = size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  if (gather_timer_ == nullptr) {
    auto timer = make_uv<uv_timer_t>("make a timer", this,
                                     [&](uv_timer_t* t) { return uv_timer_init(loop_, t); });
    if (!timer) return;
    gather_timer_ = std::move(*timer);
  }
  stream.watch.stop();
  stream.gathering = true;
  gathering_.push_back(&stream);
  if (gathering_.size() == 1) arm_gather_timer(kGatherMs);
}

void LogHub::arm_gather_timer(std::uint64_t milliseconds) {
  uv_timer_start(
      gather_timer_.get(),
      [](uv_timer_t* handle) {
        guarded("log", [handle] {
          if (handle->data != nullptr) static_cast<LogHub*>(handle->data)->read_gathered();
        });
      },
      milliseconds, 0);
}

void LogHub::read_gathered() {
  bool more = false;
  std::erase_if(gathering_, [&](LogStream* stream) {
    stream->gathering = read_gathered(*stream);
    if (stream->gathering)
      more = more || turn_bytes_ >= kGatherMax;
    else if (!stream->ended && !stream->paused)
      stream->watch.want_readable();
    return !stream->gathering;
  });
  if (!gathering_.empty()) arm_gather_timer(more ? 0 : kGatherMs);
}

/// Whether it goes on like this.
bool LogHub::read_gathered(LogStream& stream) {
  if (stream.ended || stream.paused) return false;
  const std::size_t limit = turn_bytes_ < kGatherMax ? kGatherMax : kReadAtLeast;
  const std::size_t taken = read_stream(stream, limit);
  if (stream.ended || stream.paused) return false;
  if (taken < kFlood) {
    narrow(stream);
    return false;
  }
  if (taken < stream.pipe_size) return true;
  // The pause was long enough to hold the writer up.
  widen(stream);
  return false;
}

/// A larger pipe for longer pauses. Where there is none the stream is read at each write.
void LogHub::widen(LogStream& stream) {
  if (!stream.wide) stream.may_gather = make_wide(stream);
}

bool LogHub::make_wide(LogStream& stream) {
  if (stream.wide) return true;
  if (wide_pipes_ >= kWidePipesMax) return false;
  const int size = ::fcntl(stream.fd.get(), F_SETPIPE_SZ, kWidePipe);
  if (size < kWidePipe) return false;
  stream.wide = true;
  ++wide_pipes_;
  stream.pipe_size = static_cast<std::size_t>(size);
  return true;
}

void LogHub::narrow(LogStream& stream) {
  constexpr int kUsualPipe = 64 * 1024;
  if (!stream.wide) return;
  const int size = ::fcntl(stream.fd.get(), F_SETPIPE_SZ, kUsualPipe);
  if (size <= 0) return;
  stream.wide = false;
  --wide_pipes_;
  stream.pipe_size = static_cast<std::size_t>(size);
}

}  // namespace bootsman
