#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace bootsman {

/// Names one writer (a unit, or the init itself) of an OutQueue.
struct SourceId {
  std::uint32_t value = 0;
  bool operator==(const SourceId&) const = default;
};

/// What waits to be written to one output, in the order of arrival, with the account of who put it
/// there. Whole lines only go in, so lines are never torn. Pure memory: the shell writes.
class OutQueue {
 public:
  /// What one source may have waiting before its lines are dropped or it has to wait.
  static constexpr std::size_t kSourceMax = 1024 * 1024;
  /// What may wait in all, so that a thousand units with a stuck reader do not fill memory.
  static constexpr std::size_t kTotalMax = 16 * 1024 * 1024;
  /// A source that waits goes on when it has less than this waiting.
  static constexpr std::size_t kResumeBelow = 256 * 1024;

  SourceId add_source();

  bool has_room(SourceId source) const {
    return sources_[source.value].pending < kSourceMax && total_ < kTotalMax;
  }
  bool may_resume(SourceId source) const {
    return sources_[source.value].pending < kResumeBelow && total_ < kTotalMax / 2;
  }

  /// Memory for the source's next `bytes`, which the caller fills at once: a whole line, or
  /// several.
  char* append(SourceId source, std::size_t bytes) {
    if (chunks_.empty() || chunks_.back().room() < bytes) add_chunk(bytes);
    if (spans_.empty() || spans_.back().source != source) spans_.push_back({source, 0});
    Chunk& chunk = chunks_.back();
    char* const place = chunk.data.get() + chunk.size;
    chunk.size += bytes;
    spans_.back().bytes += bytes;
    sources_[source.value].pending += bytes;
    total_ += bytes;
    return place;
  }
  void append(SourceId source, std::string_view lines);

  /// Counts a line that had no room.
  void drop(SourceId source, std::size_t bytes) {
    ++sources_[source.value].dropped_lines;
    sources_[source.value].dropped_bytes += bytes;
  }
  struct Dropped {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
  };
  /// What was dropped since the last call, to be said in the stream.
  Dropped take_dropped(SourceId source);
  bool has_dropped(SourceId source) const { return sources_[source.value].dropped_lines > 0; }

  bool empty() const { return total_ == 0; }
  std::size_t size() const { return total_; }

  /// The oldest bytes, up to `count` pieces; valid until the next call that changes the queue.
  std::size_t front(std::string_view* pieces, std::size_t count) const;
  /// The oldest `bytes` are written.
  void consume(std::size_t bytes);
  /// Whether what was consumed last does not end a line.
  bool within_line() const { return last_ != '\n'; }

 private:
  static constexpr std::size_t kChunk = 64 * 1024;
  struct Chunk {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;
    std::size_t capacity = 0;
    std::size_t room() const { return capacity - size; }
  };
  /// Whose the next bytes are.
  struct Span {
    SourceId source;
    std::size_t bytes;
  };
  struct Source {
    std::size_t pending = 0;
    std::uint64_t dropped_lines = 0;
    std::uint64_t dropped_bytes = 0;
  };
  void add_chunk(std::size_t bytes);

  std::deque<Chunk> chunks_;
  std::deque<Span> spans_;
  std::size_t head_ = 0;  ///< Bytes of the first chunk that are written already.
  std::size_t total_ = 0;
  char last_ = '\n';  ///< The byte that was consumed last.
  std::vector<Source> sources_;
  std::vector<Chunk> spare_;  ///< Buffers to use again: no allocation per line.
};

}  // namespace bootsman
