#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string_view>

#include "base/types.h"
#include "logs/format.h"
#include "shell/fd_watch.h"

namespace bootsman {

/// One unit's lines on their way to its log file. A helper writes that file, and gets the lines
/// through a socket: PID 1 opens no path that a person configured, and waits for no disk. While the
/// helper does not keep up, lines are dropped, counted, and the file says how many.
class LogFile {
 public:
  /// `open` starts a helper and gives our end of its socket. It is called for the first line, and
  /// again at most once a second after the helper has gone.
  LogFile(uv_loop_t* loop, std::array<LineFormat, 2> formats,
          std::function<Result<UniqueFd>()> open);

  void put(StreamKind kind, const LinePiece& piece, LineScratch& scratch, std::int64_t wall_us);
  /// Writes what the socket takes now; the rest goes when it takes more.
  void flush(MonoTime now);
  /// At the end: writes what is left, then waits until the helper has written it to the file, or
  /// for the deadline.
  void finish(MonoTime deadline);

 private:
  void connect(MonoTime now);
  bool write_some();
  void drop_rest_of_line();
  void say_dropped(LineScratch& scratch, std::int64_t wall_us);

  uv_loop_t* loop_;
  std::array<LineFormat, 2> formats_;  ///< By StreamKind.
  std::function<Result<UniqueFd>()> open_;
  OutQueue queue_;
  SourceId source_;
  UniqueFd socket_;
  FdWatch watch_;
  bool waiting_ = false;
  std::optional<MonoTime> connected_;
};

}  // namespace bootsman
