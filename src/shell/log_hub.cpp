#include "shell/log_hub.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/phases.h"
#include "shell/clock.h"
#include "sys/own_memory.h"

namespace bootsman {
namespace {

/// What is read of a run that ended: all that its pipe can hold, unless a grandchild goes on
/// writing.
constexpr std::size_t kDrainMax = 2 * 1024 * 1024;
constexpr Millis kSilence{1000};
/// An output that took no byte for so long counts as not read.
constexpr Millis kStuck{1000};
/// Lines that nobody has written over in so long are packed, some in each turn of the loop.
constexpr Millis kOld{10'000};
constexpr std::size_t kPackedInTurn = 64 * 1024;

LogMoment log_now() {
  return {wall_clock_us(), mono_now()};
}

}  // namespace

std::string needle_of(const Unit& unit) {
  if (!unit.ready) return "";
  const auto* probe = std::get_if<LogProbe>(&unit.ready->probe);
  return probe != nullptr ? probe->text : "";
}

LogHub::LogHub(uv_loop_t* loop, int stdout_fd, int stderr_fd, const LogPlan& own)
    : loop_(loop),
      sink_(loop, stdout_fd, stderr_fd, own, [this] { resume_paused(); }),
      buffer_(std::make_unique_for_overwrite<ReadBuffer>()) {
  ring_.add_writer();
  sources_.emplace_back();
  sources_.front().name = "bootsman";
}

LogHub::~LogHub() = default;

void LogHub::add_unit(std::string_view name, const LogPlan& plan, std::string needle) {
  ring_.add_writer();
  sink_.add_writer(name, plan);
  sources_.push_back({std::string(name), plan.fold, plan.join, std::move(needle), {}, false});
  ++units_;
}

void LogHub::set_plan(std::uint32_t writer, const LogPlan& plan, std::string needle) {
  sink_.set_plan(writer, plan);
  sources_[writer].fold = plan.fold;
  sources_[writer].join = plan.join;
  sources_[writer].needle = std::move(needle);
}

bool LogHub::has_stream(std::uint32_t writer) const {
  return std::ranges::any_of(streams_,
                             [writer](const LogStream& stream) { return stream.writer == writer; });
}

/// The number of a unit of that name which an earlier replacement has left out.
std::optional<std::uint32_t> LogHub::find_gone(std::string_view name, std::uint32_t first,
                                               std::uint32_t end) const {
  for (std::uint32_t writer = first; writer < end; ++writer)
    if (sources_[writer].name == name) return writer;
  return std::nullopt;
}

std::vector<std::optional<std::uint32_t>> LogHub::replace_units(const std::vector<UnitLog>& units) {
  sink_.tick(log_now(), true);  // Their counts begin anew.
  const std::uint32_t first_gone = units_ + 1;
  const auto end = static_cast<std::uint32_t>(sources_.size());
  std::vector<std::optional<std::uint32_t>> order{0};
  std::vector<bool> taken(end, false);
  taken[0] = true;
  for (const UnitLog& unit : units) {
    auto writer = unit.before ? std::optional(ring_writer(*unit.before))
                              : find_gone(unit.name, first_gone, end);
    if (writer && *writer < end && !taken[*writer]) {
      taken[*writer] = true;
      set_plan(*writer, unit.plan, unit.needle);
    } else {
      writer = static_cast<std::uint32_t>(sources_.size());
      add_unit(unit.name, unit.plan, unit.needle);
    }
    order.push_back(writer);
  }
  // Who was left out earlier goes as soon as its streams are over, the others may come back.
  for (std::uint32_t writer = 1; writer < end; ++writer)
    if (!taken[writer] && (writer < first_gone || has_stream(writer))) order.push_back(writer);
  renumber(order);
  units_ = static_cast<std::uint32_t>(units.size());
  return order;
}

void LogHub::renumber(const std::vector<std::optional<std::uint32_t>>& before) {
  ring_.renumber(before);
  sink_.renumber(before);
  std::vector<Source> sources(before.size());
  std::vector<std::uint32_t> now(sources_.size(), 0);
  for (std::uint32_t i = 0; i < before.size(); ++i) {
    sources[i] = std::move(sources_[*before[i]]);
    now[*before[i]] = i;
  }
  sources_ = std::move(sources);
  for (LogStream& stream : streams_) stream.writer = now[stream.writer];
}

Result<void> LogHub::open_stream(UnitIndex unit, RunId run, StreamKind kind, UniqueFd read_end) {
  return open(ring_writer(unit), run, kind, std::move(read_end));
}

Result<void> LogHub::open_own_stream(UniqueFd read_end) {
  return open(0, RunId{}, StreamKind::Out, std::move(read_end));
}

Result<void> LogHub::open(std::uint32_t writer, RunId run, StreamKind kind, UniqueFd read_end) {
  const std::size_t room = std::min(sink_.room(writer, kind), kLineMax / 2);
  LogStream& stream = streams_.emplace_back();
  stream.writer = writer;
  stream.run = run;
  stream.kind = kind;
  stream.fd = std::move(read_end);
  stream.splitter = LineSplitter(room, sink_.is_raw(writer) ? kRawLineMax : kLineMax);
  const Source& source = sources_[writer];
  if (source.fold > Millis(0)) stream.fold.emplace(source.fold);
  if (source.join == LogJoin::Indent) stream.join.emplace(kLineMax - room);
  auto watch = FdWatch::make(loop_, stream.fd.get(), [this, &stream] { stream_ready(stream); });
  if (!watch) {
    streams_.pop_back();
    return fail(std::move(watch).error().within("cannot read a unit's output"));
  }
  stream.watch = std::move(*watch);
  stream.watch.want_readable();
  return {};
}

void LogHub::stream_ready(LogStream& stream) {
  const std::size_t taken = read_stream(stream, kLogReadSize);
  if (stream.ended || stream.paused) return;
  // The writer fills its pipe faster than it is read: in a larger one it can go on meanwhile.
  if (taken >= kLogReadSize) {
    make_wide(stream);
    return;
  }
  // The loop's own clock, which it reads once a turn: many turns in one of its milliseconds mean
  // that each brings little.
  constexpr std::uint32_t kReadsOfFlood = 4;
  const std::uint64_t now = uv_now(loop_);
  stream.reads = stream.millisecond == now ? stream.reads + 1 : 1;
  stream.millisecond = now;
  if (stream.reads >= kReadsOfFlood && stream.may_gather)
    start_gathering(stream);
  else if (stream.reads == 1 && taken < kLogFlood)
    narrow(stream);
}

/// Reads until the pipe is empty or the limit is reached, and gives back how much that was.
std::size_t LogHub::read_stream(LogStream& stream, std::size_t limit) {
  if (stream.writer == 0 && before_own_output_) before_own_output_();
  std::size_t taken = 0;
  while (!stream.ended && taken < limit) {
    const ssize_t n = ::read(stream.fd.get(), buffer_->data(), buffer_->size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == ENOMEM)) break;
    now_ = log_now();
    if (n <= 0) {
      end_stream(stream);
      break;
    }
    taken += static_cast<std::size_t>(n);
    take_bytes(stream, {buffer_->data(), static_cast<std::size_t>(n)});
    sink_.flush(stream.writer, stream.kind);
    pause_if_full(stream);
    if (stream.paused) break;
    // A short read emptied the pipe: the next one would only say EAGAIN.
    if (static_cast<std::size_t>(n) < buffer_->size() / 2) break;
  }
  turn_bytes_ += taken;
  if (!stream.ended && stream.holds_anything()) {
    stream.last_read = now_.mono;
    if (!stream.holding) holding_.push_back(&stream);
    stream.holding = true;
  }
  return taken;
}

void LogHub::end_stream(LogStream& stream) {
  flush_held(stream);
  stream.ended = any_ended_ = true;
  // At once: to stop it first would be one more system call.
  stream.watch = FdWatch();
  stream.fd.reset();
}

void LogHub::take_bytes(LogStream& stream, std::string_view bytes) {
  if (sources_[stream.writer].watched && stream.writer <= units_)
    terminal_output_(UnitIndex{stream.writer - 1}, bytes);
  if (!stream.fold) return split(stream, bytes);
  stream.fold->feed(bytes, now_.mono, [&](std::string_view part) { split(stream, part); });
}

void LogHub::split(LogStream& stream, std::string_view bytes) {
  stream.splitter.feed(bytes, [&](const LinePiece& piece) { take_piece(stream, piece); });
}

void LogHub::take_piece(LogStream& stream, const LinePiece& piece) {
  Source& source = sources_[stream.writer];
  if (!source.needle.empty() && source.needle_run != stream.run &&
      piece.text.find(source.needle) != std::string_view::npos)
    source.needle_run = stream.run;
  ring_.add(stream.writer, {0, now_.wall_us, stream.run.value, stream.kind == StreamKind::Err,
                            piece.continues, piece.text});
  if (!stream.join) return put(stream, piece);
  stream.join->add(
      piece,
      [&](std::string_view lines) { sink_.put_group(stream.writer, stream.kind, lines, now_); },
      [&](const LinePiece& single) { put(stream, single); });
}

void LogHub::put(LogStream& stream, const LinePiece& piece) {
  sink_.put(stream.writer, stream.kind, piece, now_);
}

/// Gives out all that the stream holds.
void LogHub::flush_held(LogStream& stream) {
  if (stream.fold) stream.fold->flush([&](std::string_view part) { split(stream, part); });
  stream.splitter.flush([&](const LinePiece& piece) { take_piece(stream, piece); });
  if (stream.join)
    stream.join->flush(
        [&](std::string_view lines) { sink_.put_group(stream.writer, stream.kind, lines, now_); });
}

void LogHub::pause_if_full(LogStream& stream) {
  if (sink_.dropping(stream.writer) || sink_.has_room(stream.writer, stream.kind)) return;
  stream.watch.stop();
  stream.paused = any_paused_ = true;
}

void LogHub::resume_paused() {
  sink_.say_dropped(log_now());
  if (!any_paused_) return;
  any_paused_ = false;
  for (LogStream& stream : streams_) {
    if (!stream.paused) continue;
    if (sink_.may_resume(stream.writer, stream.kind)) {
      resume(stream);
    } else {
      any_paused_ = true;
    }
  }
}

/// While it was not read the writer was not silent: what it holds waits for its end anew.
void LogHub::resume(LogStream& stream) {
  stream.paused = false;
  stream.last_read = mono_now();
  stream.watch.want_readable();
}

void LogHub::drain(RunId run) {
  // Of many that end in one turn most have been read to their end already.
  if (any_ended_) remove_ended();
  for (LogStream& stream : streams_) {
    if (stream.run != run || stream.paused) continue;
    const bool empty = read_stream(stream, kDrainMax) < kDrainMax && !stream.paused;
    // A child that lives on may hold the pipe; the last words are not made to wait for it.
    if (empty && !stream.ended) flush_held(stream);
  }
}

bool LogHub::needle_seen(UnitIndex unit, RunId run) const {
  return sources_[ring_writer(unit)].needle_run == run;
}

int LogHub::terminal_of(UnitIndex unit) const {
  int found = -1;
  for (const LogStream& stream : streams_) {
    if (stream.writer == ring_writer(unit) && !stream.ended && ::isatty(stream.fd.get()) == 1) {
      found = stream.fd.get();
    }
  }
  return found;
}

void LogHub::own_line(std::string_view text) {
  now_ = log_now();
  ring_.add(0, {0, now_.wall_us, 0, false, false, text});
  sink_.put(0, StreamKind::Out, {text, false}, now_);
}

void LogHub::flush() {
  turn_bytes_ = 0;
  sink_.flush(now_);
  // Not in the output that does not work.
  while (const auto trouble = sink_.take_trouble())
    ring_.add(0, {0, wall_clock_us(), 0, true, false, *trouble});
  if (any_ended_) remove_ended();
  if (pack_at_ || ring_.loose() == 0) return;
  pack_at_ = now_.mono + kOld;
  pack_until_ = ring_.last_sequence();
}

void LogHub::remove_ended() {
  any_ended_ = false;
  const auto ended = [](const LogStream* stream) { return stream->ended; };
  std::erase_if(holding_, ended);
  std::erase_if(gathering_, ended);
  std::erase_if(streams_, [&](const LogStream& stream) {
    if (stream.ended && stream.wide) --wide_pipes_;
    return stream.ended;
  });
}

std::optional<MonoTime> LogHub::next_deadline() const {
  std::optional<MonoTime> first = earlier(sink_.next_deadline(), pack_at_);
  for (const LogStream* stream : holding_) {
    if (stream->waits_for_end()) first = earlier(first, stream->last_read + kSilence);
    if (stream->fold) first = earlier(first, stream->fold->next_deadline());
  }
  if (!any_paused_) return first;
  for (const LogStream& stream : streams_)
    if (may_drop(stream))
      first = earlier(first, sink_.last_progress(stream.writer, stream.kind) + kStuck);
  return first;
}

bool LogHub::may_drop(const LogStream& stream) const {
  return stream.paused && sink_.may_drop(stream.writer);
}

/// Nobody reads: from here on the service's lines are dropped and counted, so that it can go on.
void LogHub::drop_of_stuck(MonoTime now) {
  for (LogStream& stream : streams_) {
    if (!may_drop(stream)) continue;
    if (sink_.last_progress(stream.writer, stream.kind) + kStuck > now) continue;
    sink_.start_dropping(stream.writer);
    resume(stream);
  }
}

void LogHub::tick(MonoTime now) {
  now_ = {wall_clock_us(), now};
  sink_.tick(now_);
  if (any_paused_) drop_of_stuck(now);
  pack_old_lines(now);
  std::erase_if(holding_, [&](LogStream* stream) {
    if (stream->fold) stream->fold->tick(now, [&](std::string_view part) { split(*stream, part); });
    if (stream->waits_for_end() && stream->last_read + kSilence <= now) {
      if (stream->fold && stream->fold->holds_plain_text())
        stream->fold->flush([&](std::string_view part) { split(*stream, part); });
      stream->splitter.flush([&](const LinePiece& piece) { take_piece(*stream, piece); });
      if (stream->join)
        stream->join->flush([&](std::string_view lines) {
          sink_.put_group(stream->writer, stream->kind, lines, now_);
        });
    }
    stream->holding = stream->holds_anything();
    return !stream->holding;
  });
}

void LogHub::pack_old_lines(MonoTime now) {
  if (!pack_at_ || *pack_at_ > now || ring_.pack(pack_until_, kPackedInTurn)) return;
  pack_at_.reset();
  release_memory();
}

void LogHub::finish(MonoTime deadline) {
  for (LogStream& stream : streams_) {
    for (std::size_t i = 0; i < kDrainMax / kLogReadSize && !stream.ended; ++i) {
      // A paused stream (its writer waits) is read on while the reader takes what there is.
      if (stream.paused) sink_.flush_until(stream.writer, stream.kind, deadline);
      stream.paused = false;
      read_stream(stream, kLogReadSize);
    }
    if (!stream.ended) flush_held(stream);
  }
  sink_.flush_until(deadline);
  resume_paused();
  sink_.tick(log_now(), true);
  sink_.flush_until(deadline);
  sink_.finish_files(deadline);
}

}  // namespace bootsman
