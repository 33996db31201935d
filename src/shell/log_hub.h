#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/messages.h"
#include "logs/counts.h"
#include "logs/format.h"
#include "logs/ring.h"
#include "shell/log_output.h"

namespace bootsman {

/// What the unit's log check looks for in its output; empty without one.
std::string needle_of(const Unit& unit);

/// The data plane: takes the output of all units from their pipes, line by line, to the init's
/// stdout and stderr. Knows units only by UnitIndex; never enters the core. A unit that writes
/// faster than the output is read has to wait; while the output is not read at all for a second,
/// the lines of units with WhenBlocked::Drop are dropped and counted instead.
class LogHub {
 public:
  LogHub(uv_loop_t* loop, int stdout_fd, int stderr_fd);
  ~LogHub();

  /// One call per unit, in the order of UnitIndex, before its first stream. A `needle` makes
  /// needle_seen() work for it.
  void add_unit(std::string_view name, const LogPlan& plan, std::string needle);

  /// A unit as the hub knows it.
  struct UnitLog {
    std::string name;
    LogPlan plan;
    std::string needle;
    /// Its number before; nothing for a new one.
    std::optional<UnitIndex> before = {};
  };
  /// Replaces all units, whose numbers are the places in `units`. Open streams stay with their
  /// unit, and what it wrote is remembered. Those that are left out live on without a number as
  /// long as they have a stream, or are taken in again by their name the next time. Returns for
  /// each writer of the ring its number before.
  std::vector<std::optional<std::uint32_t>> replace_units(const std::vector<UnitLog>& units);

  /// Takes over the read end of a pipe that a run of the unit writes to.
  Result<void> open_stream(UnitIndex unit, RunId run, StreamKind kind, UniqueFd read_end);
  /// The same for a helper's output, in the init's own name.
  Result<void> open_own_stream(UniqueFd read_end);

  /// Reads what is in the pipes of this run now (a process that ended wrote it before).
  void drain(RunId run);
  /// Whether a line with the needle came since the run's start.
  bool needle_seen(UnitIndex unit, RunId run) const;

  /// What is remembered of the units' output; writers are numbered as UnitIndex + 1, 0 is the init.
  const LogRing& ring() const { return ring_; }
  static std::uint32_t ring_writer(UnitIndex unit) { return unit.value + 1; }

  /// A line of the init itself.
  void own_line(std::string_view text);

  /// Writes out what this turn of the loop brought. Called once at the end of each turn.
  void flush();
  /// Gives out partial lines that have been silent for a second.
  void tick(MonoTime now);
  std::optional<MonoTime> next_deadline() const;

  /// At the end: reads what is left in all pipes, gives out partial lines, and writes until done
  /// or the deadline.
  void finish(MonoTime deadline);

  const LogCounts& counts(UnitIndex unit) const;
  /// Of the init's own lines.
  const LogCounts& own_counts() const;

 private:
  struct Source;
  struct Stream;
  Result<void> open(Source& source, RunId run, StreamKind kind, UniqueFd read_end);
  void read_stream(Stream& stream, std::size_t limit);
  void take_piece(Stream& stream, const LinePiece& piece);
  void remember(const Source& source, StreamKind kind, RunId run, const LinePiece& piece);
  void put(Source& source, StreamKind kind, const LinePiece& piece);
  LogOutput& output_of(const Source& source, StreamKind kind);
  const LogOutput& output_of(const Source& source, StreamKind kind) const;
  void pause_if_full(Stream& stream);
  void resume_paused();
  static bool may_drop(const Stream& stream);
  void drop_of_stuck(MonoTime now);
  void say_dropped(Source& source);
  void remove_ended();

  uv_loop_t* loop_;
  LogOutput stdout_;
  LogOutput stderr_;
  void set_plan(Source& source, const LogPlan& plan, std::string needle);
  std::unique_ptr<Source> take_gone(std::string_view name);
  bool has_stream(const Source& source) const;

  std::vector<std::unique_ptr<Source>> sources_;  ///< By UnitIndex.
  std::vector<std::unique_ptr<Source>> gone_;     ///< Of units that are not there any more.
  std::unique_ptr<Source> own_;
  std::list<Stream> streams_;
  std::vector<Stream*> partial_;  ///< Streams that hold a partial line.
  bool any_ended_ = false;
  bool any_dropped_ = false;
  bool any_paused_ = false;
  LogRing ring_;
  std::int64_t wall_us_ = 0;  ///< The time of day of this read.
  std::vector<char> buffer_;
};

}  // namespace bootsman
