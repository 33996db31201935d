#pragma once

#include <cstdint>
#include <optional>

#include "base/types.h"
#include "logs/format.h"
#include "logs/line_join.h"
#include "logs/line_splitter.h"
#include "logs/progress_fold.h"
#include "shell/fd_watch.h"

namespace bootsman {

/// What one read asks for; also what a stream may take in one turn, so that a flood starves nobody.
inline constexpr std::size_t kLogReadSize = 64 * 1024;
/// A read, or a pause, that brought less is no flood's.
inline constexpr std::size_t kLogFlood = 4 * 1024;

/// One pipe that a run of a unit writes to, and what has been read of its current line.
struct LogStream {
  std::uint32_t writer = 0;
  RunId run;
  StreamKind kind = StreamKind::Out;
  UniqueFd fd;
  FdWatch watch;
  LineSplitter splitter;
  std::optional<ProgressFold> fold;
  std::optional<LineJoin> join;
  MonoTime last_read;
  bool holding = false;  ///< It is in the hub's list of those.
  bool paused = false;   ///< Not read, since the output has no room.
  bool ended = false;
  bool gathering = false;
  bool may_gather = true;
  bool wide = false;              ///< Its pipe was made larger.
  std::size_t pipe_size = 0;      ///< 0: not asked yet.
  std::uint64_t millisecond = 0;  ///< The loop's, in which it was read last.
  std::uint32_t reads = 0;        ///< How often it was read in that.

  bool holds_text() const {
    return splitter.has_partial() || (fold && fold->holds_plain_text()) || (join && join->holds());
  }
  /// Whether silence makes it give out what it holds.
  bool waits_for_end() const { return !paused && holds_text(); }
  bool holds_anything() const {
    return holds_text() || (fold && fold->next_deadline().has_value());
  }
};

}  // namespace bootsman
