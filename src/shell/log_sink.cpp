#include "shell/log_sink.h"

#include <sys/stat.h>

#include <utility>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/terminal.h"

namespace bootsman {
namespace {

constexpr StreamKind kBoth[] = {StreamKind::Out, StreamKind::Err};

std::size_t index(StreamKind kind) {
  return static_cast<std::size_t>(kind);
}

bool same_file(int a, int b) {
  struct stat one {};
  struct stat other {};
  return ::fstat(a, &one) == 0 && ::fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

LogPlan as_own(LogPlan plan) {
  if (plan.format == LogFormat::Raw) plan.format = LogFormat::Text;
  plan.rate = 0;
  return plan;
}

/// The unit's own file needs no name in each line.
LineFormat file_format(const LogPlan& plan, std::string_view name, StreamKind kind) {
  if (plan.format == LogFormat::Json) return line_format({LogFormat::Json, plan.time}, name, kind);
  LineFormat bare = line_format({LogFormat::Raw}, name, kind);
  bare.time = plan.time;
  return bare;
}

std::string lines_text(std::uint64_t lines, std::uint64_t bytes) {
  return std::to_string(lines) + (lines == 1 ? " line (" : " lines (") + say_size(bytes) + ")";
}

}  // namespace

LogSink::LogSink(uv_loop_t* loop, int stdout_fd, int stderr_fd, const LogPlan& own,
                 std::function<void()> drained)
    : stdout_{LogOutput(loop, stdout_fd, drained), "stdout"},
      stderr_{LogOutput(loop, stderr_fd, drained), "stderr"},
      loop_(loop),
      one_output_(same_file(stdout_fd, stderr_fd)) {
  add_writer("bootsman", as_own(own));
}

std::uint32_t LogSink::add_writer(std::string_view name, const LogPlan& plan) {
  Writer writer;
  writer.name = name;
  writer.raw = plan.format == LogFormat::Raw;
  for (const StreamKind kind : kBoth)
    writer.ids[index(kind)] = output(writer, kind).queue().add_source();
  apply_plan(writer, plan);
  writers_.push_back(std::move(writer));
  return static_cast<std::uint32_t>(writers_.size() - 1);
}

void LogSink::set_plan(std::uint32_t number, const LogPlan& plan) {
  Writer& writer = writers_[number];
  if (writer.plan == plan) return;
  const bool raw = plan.format == LogFormat::Raw;
  if (raw != writer.raw) {
    writer.raw = raw;
    writer.ids[1] = output(writer, StreamKind::Err).queue().add_source();
  }
  apply_plan(writer, plan);
}

void LogSink::apply_plan(Writer& writer, const LogPlan& plan) {
  writer.when_blocked = plan.when_blocked;
  writer.rate = RateLimit(plan.rate);
  for (const StreamKind kind : kBoth) {
    LineStyle style{plan.format, plan.time, plan.mark_stderr, plan.colour == LogColour::Always};
    if (plan.colour == LogColour::Auto)
      style.colour = output(writer, kind).is_terminal() && may_colour();
    writer.formats[index(kind)] = line_format(style, writer.name, kind);
  }
  writer.file.reset();
  writer.plan = plan;
  if (plan.file.path.empty()) return;
  any_files_ = true;
  writer.file = std::make_unique<LogFile>(
      loop_,
      std::array{file_format(plan, writer.name, StreamKind::Out),
                 file_format(plan, writer.name, StreamKind::Err)},
      [this, file = plan.file]() -> Result<UniqueFd> {
        return open_file_ ? open_file_(file) : fail("nobody writes log files");
      });
}

void LogSink::renumber(const std::vector<std::optional<std::uint32_t>>& before) {
  std::vector<Writer> writers;
  for (const auto& number : before) writers.push_back(std::move(writers_[*number]));
  writers_ = std::move(writers);
}

void LogSink::put(std::uint32_t number, StreamKind kind, const LinePiece& piece,
                  const LogMoment& now) {
  Writer& writer = writers_[number];
  if (writer.file) writer.file->put(kind, piece, scratch_, now.wall_us);
  if (!admit(writer, kind, piece.text.size() + 1, now)) return;
  const std::size_t i = index(kind);
  append_line(output(writer, kind).queue(), writer.ids[i], writer.formats[i], piece, scratch_,
              now.wall_us);
}

void LogSink::put_group(std::uint32_t number, StreamKind kind, std::string_view lines,
                        const LogMoment& now) {
  Writer& writer = writers_[number];
  if (writer.file)
    for (const std::string_view line : split(lines, '\n'))
      writer.file->put(kind, {line, false}, scratch_, now.wall_us);
  if (!admit(writer, kind, lines.size() + 1, now)) return;
  const std::size_t i = index(kind);
  append_lines(output(writer, kind).queue(), writer.ids[i], writer.formats[i], lines, scratch_,
               now.wall_us);
}

/// Counts the line, and says whether it is to be written.
bool LogSink::admit(Writer& writer, StreamKind kind, std::size_t bytes, const LogMoment& now) {
  ++writer.counts.lines;
  writer.counts.bytes += bytes;
  if (silent_) return false;
  if (writer.rate.active() && !pass_rate(writer, kind, bytes, now)) return false;
  // The init cannot wait for itself; a unit's stream was paused before it ran out of room.
  if (&writer == writers_.data() && !output(writer, kind).queue().has_room(writer.ids[index(kind)]))
    writer.dropping = any_dropped_ = true;
  if (!writer.dropping) return true;
  drop(writer, kind, bytes);
  return false;
}

bool LogSink::pass_rate(Writer& writer, StreamKind kind, std::size_t bytes, const LogMoment& now) {
  if (writer.rate.over(now.mono) && !writer.dropping) say_left_out(writer, kind, now);
  if (writer.rate.pass(bytes, now.mono)) return true;
  ++writer.counts.dropped_lines;
  writer.counts.dropped_bytes += bytes;
  any_left_out_ = true;
  return false;
}

void LogSink::drop(Writer& writer, StreamKind kind, std::size_t bytes) {
  output(writer, kind).queue().drop(writer.ids[index(kind)], bytes);
  ++writer.counts.dropped_lines;
  writer.counts.dropped_bytes += bytes;
  any_dropped_ = true;
}

/// A line of ours in a writer's stream. It counts neither as its line nor against its rate.
void LogSink::say(Writer& writer, StreamKind kind, const std::string& text, const LogMoment& now) {
  const std::size_t i = index(kind);
  append_line(output(writer, kind).queue(), writer.ids[i], writer.formats[i],
              {"[bootsman: " + text + "]", false}, scratch_, now.wall_us);
}

void LogSink::say_left_out(Writer& writer, StreamKind kind, const LogMoment& now) {
  const RateLimit::LeftOut left_out = writer.rate.take();
  say(writer, kind,
      lines_text(left_out.lines, left_out.bytes) + " were left out here: more than log.rate = " +
          std::to_string(writer.rate.limit()) + " in a second",
      now);
}

std::size_t LogSink::room(std::uint32_t writer, StreamKind kind) const {
  return writers_[writer].formats[index(kind)].room();
}

bool LogSink::has_room(std::uint32_t number, StreamKind kind) const {
  const Writer& writer = writers_[number];
  return output(writer, kind).queue().has_room(writer.ids[index(kind)]);
}

bool LogSink::may_resume(std::uint32_t number, StreamKind kind) const {
  const Writer& writer = writers_[number];
  return output(writer, kind).queue().may_resume(writer.ids[index(kind)]);
}

MonoTime LogSink::last_progress(std::uint32_t number, StreamKind kind) const {
  return output(writers_[number], kind).last_progress();
}

void LogSink::start_dropping(std::uint32_t writer) {
  writers_[writer].dropping = any_dropped_ = true;
}

void LogSink::flush(const LogMoment& now) {
  for (Outlet* outlet : {&stdout_, &stderr_}) {
    outlet->output.flush();
    settle(*outlet, now);
  }
  if (!any_files_) return;
  for (Writer& writer : writers_)
    if (writer.file) writer.file->flush(now.mono);
}

void LogSink::finish_files(MonoTime deadline) {
  for (Writer& writer : writers_)
    if (writer.file) writer.file->finish(deadline);
}

/// What an output lost is said in it as soon as it takes lines again: a notice waits in its queue,
/// and is lost and put there anew as long as it does not.
void LogSink::settle(Outlet& outlet, const LogMoment& now) {
  const LogOutput& output = outlet.output;
  const bool lost_more = output.lost_bytes() != std::exchange(outlet.seen, output.lost_bytes());
  if (outlet.notice > 0 && lost_more) {
    outlet.notices_lost += std::exchange(outlet.notice, 0);
  } else if (outlet.notice > 0 && output.idle()) {
    outlet.said = outlet.saying;
    outlet.notice = 0;
    outlet.troubled = false;
  }
  const std::uint64_t lost = outlet.seen - outlet.notices_lost;
  const bool trouble = lost > outlet.said || output.broken();
  outlet.trouble_due = outlet.trouble_due || (trouble && !outlet.troubled);
  outlet.troubled = outlet.troubled || trouble;
  if (output.broken() || outlet.notice > 0 || lost == outlet.said) return;
  Writer& own = writers_.front();
  const std::size_t before = output.size();
  append_line(outlet.output.queue(), own.ids[0], own.formats[0],
              {"[" + say_size(lost - outlet.said) +
                   " were lost here: " + errno_text(output.lost_because()) + "]",
               false},
              scratch_, now.wall_us);
  outlet.notice = output.size() - before;
  outlet.saying = lost;
}

std::optional<std::string> LogSink::take_trouble() {
  for (Outlet* outlet : {&stdout_, &stderr_}) {
    if (!std::exchange(outlet->trouble_due, false)) continue;
    const std::string why = errno_text(outlet->output.lost_because());
    if (outlet->output.broken())
      return "cannot write to the init's " + outlet->name + ": " + why +
             "; from here on `bootsman logs` is the only place for what it would show";
    return "cannot write to the init's " + outlet->name + ": " + why +
           "; lines are lost until there is room again";
  }
  return std::nullopt;
}

void LogSink::flush_until(MonoTime deadline) {
  stdout_.output.flush_until(deadline);
  stderr_.output.flush_until(deadline);
}

void LogSink::say_dropped(const LogMoment& now) {
  if (!any_dropped_) return;
  any_dropped_ = false;
  for (Writer& writer : writers_)
    if (writer.dropping) say_dropped(writer, now);
}

void LogSink::say_dropped(Writer& writer, const LogMoment& now) {
  for (const StreamKind kind : kBoth) {
    OutQueue& queue = output(writer, kind).queue();
    if (queue.may_resume(writer.ids[index(kind)])) continue;
    any_dropped_ = true;
    return;
  }
  writer.dropping = false;
  for (const StreamKind kind : kBoth) {
    const auto dropped = output(writer, kind).queue().take_dropped(writer.ids[index(kind)]);
    if (dropped.lines > 0)
      say(writer, kind,
          lines_text(dropped.lines, dropped.bytes) +
              " were dropped here, since nobody read the output",
          now);
  }
}

void LogSink::tick(const LogMoment& now, bool at_last) {
  if (!any_left_out_) return;
  any_left_out_ = false;
  for (Writer& writer : writers_) {
    const bool due = at_last ? writer.rate.any_left_out() : writer.rate.over(now.mono);
    if (due && !writer.dropping) say_left_out(writer, StreamKind::Out, now);
    any_left_out_ |= writer.rate.any_left_out();
  }
}

std::optional<MonoTime> LogSink::next_deadline() const {
  if (!any_left_out_) return std::nullopt;
  std::optional<MonoTime> first;
  for (const Writer& writer : writers_) {
    const auto at = writer.dropping ? std::nullopt : writer.rate.next_deadline();
    if (at && (!first || *at < *first)) first = at;
  }
  return first;
}

}  // namespace bootsman
