#include "shell/log_hub.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "shell/clock.h"

namespace bootsman {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;
/// What one stream may read in one turn, so that a flood starves nobody.
constexpr std::size_t kTurnMax = 256 * 1024;
/// What is read of a run that ended: all that its pipe can hold, unless a grandchild goes on
/// writing.
constexpr std::size_t kDrainMax = 2 * 1024 * 1024;
constexpr Millis kSilence{1000};
/// An output that took no byte for so long counts as not read.
constexpr Millis kStuck{1000};

}  // namespace

std::string needle_of(const Unit& unit) {
  if (!unit.ready) return "";
  const auto* probe = std::get_if<LogProbe>(&unit.ready->probe);
  return probe != nullptr ? probe->text : "";
}

struct LogHub::Source {
  std::string name;
  LineFormat formats[2];  ///< By StreamKind.
  SourceId ids[2];        ///< In the queue of the output that the stream goes to.
  WhenBlocked when_blocked = WhenBlocked::Drop;
  bool raw = false;
  std::string needle;
  RunId needle_run;
  bool dropping = false;
  std::uint32_t ring_writer = 0;
  LogCounts counts;
};

struct LogHub::Stream {
  Source* source;
  RunId run;
  StreamKind kind;
  UniqueFd fd;
  FdWatch watch;
  LineSplitter splitter;
  MonoTime last_read;
  bool in_partial = false;
  bool paused = false;
  bool ended = false;
};

LogHub::LogHub(uv_loop_t* loop, int stdout_fd, int stderr_fd)
    : loop_(loop),
      stdout_(loop, stdout_fd, [this] { resume_paused(); }),
      stderr_(loop, stderr_fd, [this] { resume_paused(); }),
      buffer_(kReadSize) {
  LogPlan plan;
  add_unit("bootsman", plan, "");
  own_ = std::move(sources_.back());
  sources_.clear();
}

LogHub::~LogHub() = default;

void LogHub::add_unit(std::string_view name, const LogPlan& plan, std::string needle) {
  auto source = std::make_unique<Source>();
  source->name = name;
  source->raw = plan.format == LogFormat::Raw;
  source->ring_writer = ring_.add_writer();
  for (StreamKind kind : {StreamKind::Out, StreamKind::Err})
    source->ids[static_cast<std::size_t>(kind)] = output_of(*source, kind).queue().add_source();
  set_plan(*source, plan, std::move(needle));
  sources_.push_back(std::move(source));
}

void LogHub::set_plan(Source& source, const LogPlan& plan, std::string needle) {
  const bool raw = plan.format == LogFormat::Raw;
  if (raw != source.raw) {
    source.raw = raw;
    source.ids[1] = output_of(source, StreamKind::Err).queue().add_source();
  }
  source.when_blocked = plan.when_blocked;
  source.needle = std::move(needle);
  for (StreamKind kind : {StreamKind::Out, StreamKind::Err})
    source.formats[static_cast<std::size_t>(kind)] = line_format(plan.format, source.name, kind);
}

bool LogHub::has_stream(const Source& source) const {
  return std::ranges::any_of(streams_,
                             [&](const Stream& stream) { return stream.source == &source; });
}

std::unique_ptr<LogHub::Source> LogHub::take_gone(std::string_view name) {
  const auto found =
      std::ranges::find_if(gone_, [name](const auto& source) { return source->name == name; });
  if (found == gone_.end()) return nullptr;
  auto source = std::move(*found);
  gone_.erase(found);
  return source;
}

std::vector<std::optional<std::uint32_t>> LogHub::replace_units(const std::vector<UnitLog>& units) {
  auto before = std::move(sources_);
  sources_.clear();
  for (const UnitLog& unit : units) {
    auto source = unit.before ? std::move(before[unit.before->value]) : take_gone(unit.name);
    if (source == nullptr) {
      add_unit(unit.name, unit.plan, unit.needle);
      continue;
    }
    set_plan(*source, unit.plan, unit.needle);
    sources_.push_back(std::move(source));
  }
  std::erase_if(gone_, [this](const auto& source) { return !has_stream(*source); });
  for (auto& source : before)
    if (source != nullptr) gone_.push_back(std::move(source));
  std::vector<std::optional<std::uint32_t>> writers{own_->ring_writer};
  for (const auto& source : sources_) writers.emplace_back(source->ring_writer);
  for (const auto& source : gone_) writers.emplace_back(source->ring_writer);
  ring_.renumber(writers);
  std::uint32_t number = 0;
  own_->ring_writer = number++;
  for (const auto& source : sources_) source->ring_writer = number++;
  for (const auto& source : gone_) source->ring_writer = number++;
  return writers;
}

LogOutput& LogHub::output_of(const Source& source, StreamKind kind) {
  return source.raw && kind == StreamKind::Err ? stderr_ : stdout_;
}

const LogOutput& LogHub::output_of(const Source& source, StreamKind kind) const {
  return source.raw && kind == StreamKind::Err ? stderr_ : stdout_;
}

Result<void> LogHub::open_stream(UnitIndex unit, RunId run, StreamKind kind, UniqueFd read_end) {
  return open(*sources_[unit.value], run, kind, std::move(read_end));
}

Result<void> LogHub::open_own_stream(UniqueFd read_end) {
  return open(*own_, RunId{}, StreamKind::Out, std::move(read_end));
}

Result<void> LogHub::open(Source& source, RunId run, StreamKind kind, UniqueFd read_end) {
  const std::size_t room = source.formats[static_cast<std::size_t>(kind)].room();
  streams_.push_back(Stream{
      &source, run, kind, std::move(read_end), {}, LineSplitter(room), {}, false, false, false});
  Stream& stream = streams_.back();
  auto watch =
      FdWatch::make(loop_, stream.fd.get(), [this, &stream] { read_stream(stream, kTurnMax); });
  if (!watch) {
    streams_.pop_back();
    return fail(std::move(watch).error().within("cannot read a unit's output"));
  }
  stream.watch = std::move(*watch);
  stream.watch.want_readable();
  return {};
}

void LogHub::read_stream(Stream& stream, std::size_t limit) {
  std::size_t taken = 0;
  while (!stream.ended && taken < limit) {
    const ssize_t n = ::read(stream.fd.get(), buffer_.data(), buffer_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      stream.splitter.flush([&](const LinePiece& piece) { take_piece(stream, piece); });
      stream.ended = any_ended_ = true;
      stream.watch.stop();
      break;
    }
    taken += static_cast<std::size_t>(n);
    wall_us_ = wall_clock_us();
    stream.splitter.feed({buffer_.data(), static_cast<std::size_t>(n)},
                         [&](const LinePiece& piece) { take_piece(stream, piece); });
    output_of(*stream.source, stream.kind).flush();
    pause_if_full(stream);
    if (stream.paused) break;
    // A short read emptied the pipe: the next one would only say EAGAIN.
    if (static_cast<std::size_t>(n) < buffer_.size() / 2) break;
  }
  if (stream.splitter.has_partial()) {
    stream.last_read = mono_now();
    if (!stream.in_partial) partial_.push_back(&stream);
    stream.in_partial = true;
  }
}

void LogHub::take_piece(Stream& stream, const LinePiece& piece) {
  Source& source = *stream.source;
  if (!source.needle.empty() && source.needle_run != stream.run &&
      piece.text.find(source.needle) != std::string_view::npos)
    source.needle_run = stream.run;
  remember(source, stream.kind, stream.run, piece);
  put(source, stream.kind, piece);
}

void LogHub::remember(const Source& source, StreamKind kind, RunId run, const LinePiece& piece) {
  ring_.add(source.ring_writer,
            {0, wall_us_, run.value, kind == StreamKind::Err, piece.continues, piece.text});
}

void LogHub::put(Source& source, StreamKind kind, const LinePiece& piece) {
  const auto i = static_cast<std::size_t>(kind);
  OutQueue& queue = output_of(source, kind).queue();
  ++source.counts.lines;
  source.counts.bytes += piece.text.size() + 1;
  // The init cannot wait for itself; a unit's stream was paused before it ran out of room.
  if (&source == own_.get() && !queue.has_room(source.ids[i])) source.dropping = true;
  if (source.dropping) {
    queue.drop(source.ids[i], piece.text.size() + 1);
    ++source.counts.dropped_lines;
    source.counts.dropped_bytes += piece.text.size() + 1;
    any_dropped_ = true;
    return;
  }
  std::string& tail = queue.tail(source.ids[i]);
  const std::size_t before = tail.size();
  append_line(tail, source.formats[i], piece);
  queue.added(source.ids[i], tail.size() - before);
}

void LogHub::pause_if_full(Stream& stream) {
  if (stream.source->dropping) return;
  const auto id = stream.source->ids[static_cast<std::size_t>(stream.kind)];
  if (output_of(*stream.source, stream.kind).queue().has_room(id)) return;
  stream.watch.stop();
  stream.paused = any_paused_ = true;
}

void LogHub::resume_paused() {
  if (any_dropped_) {
    any_dropped_ = false;
    say_dropped(*own_);
    for (auto& source : sources_) say_dropped(*source);
    for (auto& source : gone_) say_dropped(*source);
  }
  if (!any_paused_) return;
  any_paused_ = false;
  for (Stream& stream : streams_) {
    if (!stream.paused) continue;
    const auto id = stream.source->ids[static_cast<std::size_t>(stream.kind)];
    if (output_of(*stream.source, stream.kind).queue().may_resume(id)) {
      stream.paused = false;
      stream.watch.want_readable();
    } else {
      any_paused_ = true;
    }
  }
}

void LogHub::say_dropped(Source& source) {
  if (!source.dropping) return;
  for (StreamKind kind : {StreamKind::Out, StreamKind::Err}) {
    const auto id = source.ids[static_cast<std::size_t>(kind)];
    OutQueue& queue = output_of(source, kind).queue();
    if (!queue.has_dropped(id)) continue;
    if (!queue.may_resume(id)) {
      any_dropped_ = true;
      return;
    }
    const auto dropped = queue.take_dropped(id);
    source.dropping = false;
    put(source, kind,
        {"[bootsman: " + std::to_string(dropped.lines) + " lines (" + say_size(dropped.bytes) +
             ") were dropped here, since nobody read the output]",
         false});
  }
}

void LogHub::drain(RunId run) {
  for (Stream& stream : streams_)
    if (stream.run == run && !stream.paused) read_stream(stream, kDrainMax);
}

bool LogHub::needle_seen(UnitIndex unit, RunId run) const {
  return sources_[unit.value]->needle_run == run;
}

const LogCounts& LogHub::counts(UnitIndex unit) const {
  return sources_[unit.value]->counts;
}

const LogCounts& LogHub::own_counts() const {
  return own_->counts;
}

void LogHub::own_line(std::string_view text) {
  wall_us_ = wall_clock_us();
  remember(*own_, StreamKind::Out, RunId{}, {text, false});
  put(*own_, StreamKind::Out, {text, false});
}

void LogHub::flush() {
  stdout_.flush();
  stderr_.flush();
  if (any_ended_) remove_ended();
}

void LogHub::remove_ended() {
  any_ended_ = false;
  std::erase_if(partial_, [](const Stream* stream) { return stream->ended; });
  streams_.remove_if([](const Stream& stream) { return stream.ended; });
}

std::optional<MonoTime> LogHub::next_deadline() const {
  std::optional<MonoTime> first;
  for (const Stream* stream : partial_)
    if (!first || stream->last_read + kSilence < *first) first = stream->last_read + kSilence;
  if (!any_paused_) return first;
  for (const Stream& stream : streams_) {
    if (!may_drop(stream)) continue;
    const MonoTime at = output_of(*stream.source, stream.kind).last_progress() + kStuck;
    if (!first || at < *first) first = at;
  }
  return first;
}

bool LogHub::may_drop(const Stream& stream) {
  return stream.paused && stream.source->when_blocked == WhenBlocked::Drop;
}

/// Nobody reads: from here on the service's lines are dropped and counted, so that it can go on.
void LogHub::drop_of_stuck(MonoTime now) {
  for (Stream& stream : streams_) {
    if (!may_drop(stream)) continue;
    if (output_of(*stream.source, stream.kind).last_progress() + kStuck > now) continue;
    stream.source->dropping = any_dropped_ = true;
    stream.paused = false;
    stream.watch.want_readable();
  }
}

void LogHub::tick(MonoTime now) {
  if (any_paused_) drop_of_stuck(now);
  std::erase_if(partial_, [&](Stream* stream) {
    if (stream->splitter.has_partial() && stream->last_read + kSilence > now) return false;
    stream->splitter.flush([&](const LinePiece& piece) { take_piece(*stream, piece); });
    stream->in_partial = false;
    return true;
  });
}

void LogHub::finish(MonoTime deadline) {
  for (Stream& stream : streams_) {
    for (std::size_t i = 0; i < kDrainMax / kReadSize && !stream.ended; ++i) {
      // A paused stream (its writer waits) is read on while the reader takes what there is.
      if (stream.paused) output_of(*stream.source, stream.kind).flush_until(deadline);
      stream.paused = false;
      read_stream(stream, kReadSize);
    }
    if (!stream.ended)
      stream.splitter.flush([&](const LinePiece& piece) { take_piece(stream, piece); });
  }
  for (LogOutput* output : {&stdout_, &stderr_}) output->flush_until(deadline);
  resume_paused();
  for (LogOutput* output : {&stdout_, &stderr_}) output->flush_until(deadline);
}

}  // namespace bootsman
