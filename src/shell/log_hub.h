#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/messages.h"
#include "logs/ring.h"
#include "shell/log_sink.h"
#include "shell/log_stream.h"

namespace bootsman {

/// What the unit's log check looks for in its output; empty without one.
std::string needle_of(const Unit& unit);

/// The data plane: takes the output of all units from their pipes, line by line, to the init's
/// stdout and stderr. Knows units only by UnitIndex; never enters the core. A unit that writes
/// faster than the output is read has to wait; while the output is not read at all for a second,
/// the lines of units with WhenBlocked::Drop are dropped and counted instead.
///
/// A flood of small writes is not read at each of them: such a stream is left alone for a
/// millisecond or two at a time, so that its lines gather in the pipe. That spares the writer the
/// cost of waking the init, and the init most of its system calls.
class LogHub {
 public:
  /// `own`: how the init's own lines look (raw as text).
  LogHub(uv_loop_t* loop, int stdout_fd, int stderr_fd, const LogPlan& own = {});
  ~LogHub();

  /// One call per unit, in the order of UnitIndex, before its first stream. A `needle` makes
  /// needle_seen() work for it.
  void add_unit(std::string_view name, const LogPlan& plan, std::string needle);

  /// Has to be set before the first line of a unit with a log file.
  void on_open_file(LogSink::OpenFile open) { sink_.on_open_file(std::move(open)); }

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

  /// Reads what is in the pipes of this run now (a process that ended wrote it before), and gives
  /// out a partial line.
  void drain(RunId run);
  /// Whether a line with the needle came since the run's start.
  bool needle_seen(UnitIndex unit, RunId run) const;

  /// Sees, beside the log, the bytes of the units that are watched as they are read.
  void on_terminal_output(std::function<void(UnitIndex, std::string_view)> hook) {
    terminal_output_ = std::move(hook);
  }
  void watch_terminal(UnitIndex unit, bool on) { sources_[ring_writer(unit)].watched = on; }
  /// The init's side of the terminal that a run of the unit has; -1 when there is none. Borrowed,
  /// for this turn of the loop.
  int terminal_of(UnitIndex unit) const;

  /// What is remembered of the units' output; writers are numbered as UnitIndex + 1, 0 is the init.
  const LogRing& ring() const { return ring_; }
  static std::uint32_t ring_writer(UnitIndex unit) { return unit.value + 1; }

  /// Called before the output of helpers is read.
  void before_own_output(std::function<void()> hook) { before_own_output_ = std::move(hook); }

  /// A line of the init itself.
  void own_line(std::string_view text);

  /// From now on lines are remembered but not written out: the terminal belongs to the job.
  void keep_to_ring(bool only_ring) { sink_.keep_silent(only_ring); }

  /// Writes out what this turn of the loop brought. Called once at the end of each turn.
  void flush();
  /// Gives out partial lines that have been silent for a second, and what else is due.
  void tick(MonoTime now);
  std::optional<MonoTime> next_deadline() const;

  /// At the end: reads what is left in all pipes, gives out partial lines, and writes until done
  /// or the deadline.
  void finish(MonoTime deadline);

  const LogCounts& counts(UnitIndex unit) const { return sink_.counts(ring_writer(unit)); }
  /// Of the init's own lines.
  const LogCounts& own_counts() const { return sink_.counts(0); }

 private:
  using ReadBuffer = std::array<char, kLogReadSize>;

  /// What the hub knows of a writer; the sink knows the rest.
  struct Source {
    std::string name;
    Millis fold{0};
    LogJoin join = LogJoin::None;
    std::string needle;
    RunId needle_run;
    bool watched = false;  ///< Somebody looks at its terminal.
  };
  void set_plan(std::uint32_t writer, const LogPlan& plan, std::string needle);
  bool has_stream(std::uint32_t writer) const;
  std::optional<std::uint32_t> find_gone(std::string_view name, std::uint32_t first,
                                         std::uint32_t end) const;
  void renumber(const std::vector<std::optional<std::uint32_t>>& before);
  Result<void> open(std::uint32_t writer, RunId run, StreamKind kind, UniqueFd read_end);
  void stream_ready(LogStream& stream);
  std::size_t read_stream(LogStream& stream, std::size_t limit);
  void end_stream(LogStream& stream);
  void take_bytes(LogStream& stream, std::string_view bytes);
  void split(LogStream& stream, std::string_view bytes);
  void take_piece(LogStream& stream, const LinePiece& piece);
  void put(LogStream& stream, const LinePiece& piece);
  void flush_held(LogStream& stream);
  void pause_if_full(LogStream& stream);
  void resume_paused();
  void resume(LogStream& stream);
  bool may_drop(const LogStream& stream) const;
  void drop_of_stuck(MonoTime now);
  void start_gathering(LogStream& stream);
  void read_gathered();
  bool read_gathered(LogStream& stream);
  void make_wide(LogStream& stream);
  void narrow(LogStream& stream);
  void arm_gather_timer();
  void remove_ended();
  void pack_old_lines(MonoTime now);

  uv_loop_t* loop_;
  std::function<void(UnitIndex, std::string_view)> terminal_output_;
  std::function<void()> before_own_output_;
  LogSink sink_;
  LogRing ring_;
  std::vector<Source> sources_;  ///< By writer: 0 is the init, then the units, then those gone.
  std::uint32_t units_ = 0;
  std::list<LogStream> streams_;
  std::vector<LogStream*> holding_;    ///< Streams that hold a partial line, or one not due yet.
  std::vector<LogStream*> gathering_;  ///< Streams that are read by the timer, not by their watch.
  UvPtr<uv_timer_t> gather_timer_;
  std::size_t wide_pipes_ = 0;
  std::size_t turn_bytes_ = 0;  ///< What this turn of the loop has read of all streams.
  bool any_ended_ = false;
  bool any_paused_ = false;
  std::optional<MonoTime> pack_at_;  ///< When the ring's lines until pack_until_ are old.
  std::uint64_t pack_until_ = 0;
  LogMoment now_;  ///< The time of the latest read.
  std::unique_ptr<ReadBuffer> buffer_;
};

}  // namespace bootsman
