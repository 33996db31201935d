#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/counts.h"
#include "logs/format.h"
#include "logs/rate_limit.h"
#include "plan/plan.h"
#include "shell/log_file.h"
#include "shell/log_output.h"

namespace bootsman {

/// When lines came: the time of day for people, the other for deadlines.
struct LogMoment {
  std::int64_t wall_us = 0;
  MonoTime mono;
};

/// Where lines go once they are whole: in the style of their writer to the init's stdout, or (the
/// stderr of raw writers) stderr. Holds the accounts: limits of rate, lines dropped while nobody
/// reads, and says in the stream what is missing. Writers are numbered from 0, which is the init.
class LogSink {
 public:
  /// `drained` is called when a blocked output took bytes again. The init's own lines are written
  /// in `own`'s style, raw as text.
  LogSink(uv_loop_t* loop, int stdout_fd, int stderr_fd, const LogPlan& own,
          std::function<void()> drained);

  std::uint32_t add_writer(std::string_view name, const LogPlan& plan);

  /// Another way of writing for the lines to come.
  void set_plan(std::uint32_t writer, const LogPlan& plan);
  /// Gives each writer another number: `before` has the one until now; who is not there goes.
  void renumber(const std::vector<std::optional<std::uint32_t>>& before);

  /// Starts what writes a log file and gives the socket that it reads from.
  using OpenFile = std::function<Result<UniqueFd>(const LogFilePlan& plan)>;
  /// To be set before the first line of a writer that has a file.
  void on_open_file(OpenFile open) { open_file_ = std::move(open); }

  void put(std::uint32_t writer, StreamKind kind, const LinePiece& piece, const LogMoment& now);
  /// Lines that belong together, with line ends between them.
  void put_group(std::uint32_t writer, StreamKind kind, std::string_view lines,
                 const LogMoment& now);

  /// While silent no line reaches the outputs; log files get theirs.
  void keep_silent(bool silent) { silent_ = silent; }

  bool is_raw(std::uint32_t writer) const { return writers_[writer].raw; }
  /// Bytes that the writer's style puts around a line.
  std::size_t room(std::uint32_t writer, StreamKind kind) const;
  bool has_room(std::uint32_t writer, StreamKind kind) const;
  /// Whether a stream that waits for room may be read again.
  bool may_resume(std::uint32_t writer, StreamKind kind) const;
  /// When the writer's output last took a byte.
  MonoTime last_progress(std::uint32_t writer, StreamKind kind) const;
  bool may_drop(std::uint32_t writer) const {
    return writers_[writer].when_blocked == WhenBlocked::Drop;
  }
  bool dropping(std::uint32_t writer) const { return writers_[writer].dropping; }
  /// From here on the writer's lines are dropped, until there is room again.
  void start_dropping(std::uint32_t writer);

  /// Writes what can be written now, and says what was lost.
  void flush(const LogMoment& now);
  /// A sentence when an output has stopped taking lines, once each time.
  std::optional<std::string> take_trouble();
  void flush(std::uint32_t writer, StreamKind kind) { output(writers_[writer], kind).flush(); }
  void flush_until(MonoTime deadline);
  /// At the end: lets the helpers bring what is left into the files.
  void finish_files(MonoTime deadline);
  void flush_until(std::uint32_t writer, StreamKind kind, MonoTime deadline) {
    output(writers_[writer], kind).flush_until(deadline);
  }
  /// Says what was dropped, where there is room for it again.
  void say_dropped(const LogMoment& now);
  /// Says what was left out by rate, in the seconds that are over; at last, in all.
  void tick(const LogMoment& now, bool at_last = false);
  std::optional<MonoTime> next_deadline() const;

  const LogCounts& counts(std::uint32_t writer) const { return writers_[writer].counts; }

 private:
  struct Writer {
    LineFormat formats[2];  ///< By StreamKind.
    SourceId ids[2];        ///< In the queue of the output that the stream goes to.
    WhenBlocked when_blocked = WhenBlocked::Drop;
    bool raw = false;
    bool dropping = false;
    RateLimit rate;
    std::string name;
    LogPlan plan;
    LogCounts counts;
    std::unique_ptr<LogFile> file;
  };
  /// An output with the account of what it lost.
  struct Outlet {
    LogOutput output;
    std::string name;
    std::uint64_t said = 0;          ///< Lost bytes that a line which was written speaks of.
    std::uint64_t saying = 0;        ///< Those that the notice in the queue speaks of.
    std::size_t notice = 0;          ///< That notice's length; 0: none waits.
    std::uint64_t seen = 0;          ///< output.lost_bytes() at the last look.
    std::uint64_t notices_lost = 0;  ///< Bytes of notices among them.
    bool troubled = false;
    bool trouble_due = false;
  };
  Outlet& outlet(const Writer& writer, StreamKind kind) {
    return writer.raw && kind == StreamKind::Err && !one_output_ ? stderr_ : stdout_;
  }
  LogOutput& output(const Writer& writer, StreamKind kind) { return outlet(writer, kind).output; }
  const LogOutput& output(const Writer& writer, StreamKind kind) const {
    return writer.raw && kind == StreamKind::Err && !one_output_ ? stderr_.output : stdout_.output;
  }
  void apply_plan(Writer& writer, const LogPlan& plan);
  void settle(Outlet& outlet, const LogMoment& now);
  bool admit(Writer& writer, StreamKind kind, std::size_t bytes, const LogMoment& now);
  bool pass_rate(Writer& writer, StreamKind kind, std::size_t bytes, const LogMoment& now);
  void drop(Writer& writer, StreamKind kind, std::size_t bytes);
  void say(Writer& writer, StreamKind kind, const std::string& text, const LogMoment& now);
  void say_left_out(Writer& writer, StreamKind kind, const LogMoment& now);
  void say_dropped(Writer& writer, const LogMoment& now);
  Outlet stdout_;
  Outlet stderr_;
  std::vector<Writer> writers_;
  OpenFile open_file_;
  uv_loop_t* loop_;
  LineScratch scratch_;
  bool any_dropped_ = false;
  bool any_left_out_ = false;
  bool any_files_ = false;
  bool silent_ = false;
  bool one_output_ = false;  ///< Stdout and stderr are the same: two queues would tear lines.
};

}  // namespace bootsman
