#include "logs/out_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bootsman {

SourceId OutQueue::add_source() {
  sources_.emplace_back();
  return SourceId{static_cast<std::uint32_t>(sources_.size() - 1)};
}

void OutQueue::add_chunk(std::size_t bytes) {
  if (bytes <= kChunk && !spare_.empty()) {
    chunks_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    return;
  }
  const std::size_t capacity = std::max(bytes, kChunk);
  // Not make_unique, which would write zeros first.
  chunks_.push_back({std::unique_ptr<char[]>(new char[capacity]), 0, capacity});
}

void OutQueue::append(SourceId source, std::string_view lines) {
  if (!lines.empty()) std::memcpy(append(source, lines.size()), lines.data(), lines.size());
}

OutQueue::Dropped OutQueue::take_dropped(SourceId source) {
  Source& from = sources_[source.value];
  return {std::exchange(from.dropped_lines, 0), std::exchange(from.dropped_bytes, 0)};
}

std::size_t OutQueue::front(std::string_view* pieces, std::size_t count) const {
  std::size_t used = 0;
  std::size_t skip = head_;
  for (const Chunk& chunk : chunks_) {
    if (used == count) break;
    if (chunk.size > skip) pieces[used++] = {chunk.data.get() + skip, chunk.size - skip};
    skip = 0;
  }
  return used;
}

void OutQueue::consume(std::size_t bytes) {
  constexpr std::size_t kSpareMax = 4;
  bytes = std::min(bytes, total_);
  total_ -= bytes;
  for (std::size_t left = bytes; left > 0;) {
    Span& span = spans_.front();
    const std::size_t here = std::min(left, span.bytes);
    sources_[span.source.value].pending -= here;
    span.bytes -= here;
    left -= here;
    if (span.bytes == 0) spans_.pop_front();
  }
  while (!chunks_.empty()) {
    Chunk& chunk = chunks_.front();
    const std::size_t here = std::min(bytes, chunk.size - head_);
    head_ += here;
    bytes -= here;
    if (here > 0) last_ = chunk.data[head_ - 1];
    if (head_ < chunk.size) break;
    head_ = 0;
    chunk.size = 0;
    // The last one is filled again at once, while it is still in the processor's cache.
    if (chunks_.size() == 1 && chunk.capacity == kChunk) break;
    if (spare_.size() < kSpareMax && chunk.capacity == kChunk) spare_.push_back(std::move(chunk));
    chunks_.pop_front();
  }
}

}  // namespace bootsman
