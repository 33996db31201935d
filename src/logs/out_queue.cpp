#include "logs/out_queue.h"

#include <algorithm>
#include <utility>

namespace bootsman {

SourceId OutQueue::add_source() {
  sources_.emplace_back();
  return SourceId{static_cast<std::uint32_t>(sources_.size() - 1)};
}

std::string& OutQueue::tail(SourceId source) {
  if (!chunks_.empty() && chunks_.back().source == source && chunks_.back().data.size() < kChunk)
    return chunks_.back().data;
  std::string buffer;
  if (!spare_.empty()) {
    buffer = std::move(spare_.back());
    spare_.pop_back();
  }
  chunks_.push_back({source, std::move(buffer)});
  return chunks_.back().data;
}

void OutQueue::added(SourceId source, std::size_t bytes) {
  sources_[source.value].pending += bytes;
  total_ += bytes;
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
    std::string_view rest = std::string_view(chunk.data).substr(skip);
    skip = 0;
    if (!rest.empty()) pieces[used++] = rest;
  }
  return used;
}

void OutQueue::consume(std::size_t bytes) {
  constexpr std::size_t kSpareMax = 4;
  bytes = std::min(bytes, total_);
  total_ -= bytes;
  while (!chunks_.empty()) {
    Chunk& chunk = chunks_.front();
    const std::size_t here = std::min(bytes, chunk.data.size() - head_);
    sources_[chunk.source.value].pending -= here;
    head_ += here;
    bytes -= here;
    if (head_ < chunk.data.size()) break;
    if (spare_.size() < kSpareMax && chunk.data.capacity() <= 4 * kChunk) {
      chunk.data.clear();
      spare_.push_back(std::move(chunk.data));
    }
    chunks_.pop_front();
    head_ = 0;
  }
}

}  // namespace bootsman
