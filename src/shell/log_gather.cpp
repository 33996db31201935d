#include <fcntl.h>

#include <algorithm>

#include "shell/log_hub.h"

// How a flood of small writes is read: not at each of them, but by a timer.

namespace bootsman {
namespace {

/// One pause: long against a write, short for a person who looks on. The loop counts whole
/// milliseconds, so it is at least half of this.
constexpr std::uint64_t kGatherMs = 2;
/// What all streams may read in one turn at the end of a pause, before the rest waits for the next.
constexpr std::size_t kGatherMax = 512 * 1024;
/// A pipe that is to hold what comes in a pause, or its writer would have to wait. More is not
/// allowed to everybody.
constexpr int kWidePipe = 1024 * 1024;
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
  make_wide(stream);
  stream.watch.stop();
  stream.gathering = true;
  gathering_.push_back(&stream);
  if (gathering_.size() == 1) arm_gather_timer();
}

void LogHub::arm_gather_timer() {
  uv_update_time(loop_);  // Or the pause would have begun with the turn.
  uv_timer_start(
      gather_timer_.get(),
      [](uv_timer_t* handle) {
        guarded("log", [handle] {
          if (handle->data != nullptr) static_cast<LogHub*>(handle->data)->read_gathered();
        });
      },
      kGatherMs, 0);
}

void LogHub::read_gathered() {
  std::erase_if(gathering_, [&](LogStream* stream) {
    stream->gathering = read_gathered(*stream);
    if (!stream->gathering && !stream->ended && !stream->paused) stream->watch.want_readable();
    return !stream->gathering;
  });
  if (!gathering_.empty()) arm_gather_timer();
}

/// Whether it goes on like this.
bool LogHub::read_gathered(LogStream& stream) {
  if (stream.ended || stream.paused) return false;
  const std::size_t limit = turn_bytes_ < kGatherMax ? kGatherMax : kLogReadSize;
  const std::size_t taken = read_stream(stream, limit);
  if (stream.ended || stream.paused) return false;
  if (taken < kLogFlood) narrow(stream);
  if (taken < kLogFlood || taken >= limit) return false;  // The rest without a pause.
  // Half, since a line that does not fit into what is left of a page of the pipe begins a new one.
  if (stream.wide || taken < stream.pipe_size / 2) return true;
  // The pause was long enough to hold the writer up.
  stream.may_gather = false;
  return false;
}

/// A larger pipe, where there is one to have.
void LogHub::make_wide(LogStream& stream) {
  if (stream.wide || wide_pipes_ >= kWidePipesMax) return;
  const int size = ::fcntl(stream.fd.get(), F_SETPIPE_SZ, kWidePipe);
  if (size < kWidePipe) return;
  stream.wide = true;
  ++wide_pipes_;
  stream.pipe_size = static_cast<std::size_t>(size);
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
