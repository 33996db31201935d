#pragma once

#include <functional>
#include <optional>

#include "base/types.h"
#include "logs/out_queue.h"
#include "shell/fd_watch.h"

namespace bootsman {

/// Writes an OutQueue to a descriptor that the init inherited and shares with others (its stdout or
/// stderr), never waiting and never changing the flags that the other holders see:
/// - pipe: through a non-blocking pipe of our own and splice(2) with SPLICE_F_NONBLOCK;
/// - socket: send(2) with MSG_DONTWAIT;
/// - terminal: an open file of our own by /proc/self/fd, non-blocking; where that is refused, as a
/// file;
/// - file: write(2), which a file never makes wait for a reader.
/// A reader that is gone (EPIPE) or a full disk: the bytes are dropped and counted.
class LogOutput {
 public:
  /// Borrows `fd`. `drained` is called when a blocked output took bytes again.
  LogOutput(uv_loop_t* loop, int fd, std::function<void()> drained);

  OutQueue& queue() { return queue_; }
  const OutQueue& queue() const { return queue_; }
  /// Writes what can be written now; the rest goes when the descriptor takes bytes again.
  void flush();
  /// When it last took a byte (or was made).
  MonoTime last_progress() const { return last_progress_; }
  bool idle() const { return queue_.empty() && staged_ == 0; }
  /// Bytes that wait.
  std::size_t size() const { return queue_.size(); }
  bool is_terminal() const { return terminal_; }

  /// Bytes that went nowhere since the start, and the errno of the latest such loss.
  std::uint64_t lost_bytes() const { return lost_; }
  int lost_because() const { return error_; }
  /// Nobody will ever read again.
  bool broken() const { return broken_; }

  /// For the end of the init: waits for the reader, but not past the deadline.
  void flush_until(MonoTime deadline);

 private:
  enum class Kind : std::uint8_t { Pipe, Socket, File };
  enum class Wrote : std::uint8_t { All, Blocked, Broken };
  Wrote write_some();
  bool widen();
  Wrote write_pipe();
  Wrote write_direct();
  void discard(int error);
  void make_watch();
  bool make_stage();
  bool mend_line();

  uv_loop_t* loop_;
  int fd_;
  Kind kind_ = Kind::File;
  bool widened_ = false;
  UniqueFd own_;  ///< A terminal opened anew.
  Pipe stage_;
  std::size_t staged_ = 0;  ///< Bytes in stage_ that are not spliced yet.
  OutQueue queue_;
  std::uint64_t lost_ = 0;
  int error_ = 0;
  bool terminal_ = false;
  bool mid_line_ = false;  ///< What was written last does not end a line.
  bool torn_ = false;      ///< The rest of that line was lost.
  MonoTime last_progress_;
  bool progressed_ = false;
  bool broken_ = false;
  bool waiting_ = false;
  std::function<void()> drained_;
  std::optional<SharedWritableWatch> watch_;
};

}  // namespace bootsman
