#include "logs/ring.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "logs/packed_text.h"
#include "logs/utf8.h"

namespace bootsman {

std::uint32_t LogRing::add_writer() {
  writers_.emplace_back(&nodes_);
  return static_cast<std::uint32_t>(writers_.size() - 1);
}

void LogRing::renumber(const std::vector<std::optional<std::uint32_t>>& before) {
  std::deque<Writer> writers;
  for (std::size_t i = 0; i < before.size(); ++i) writers.emplace_back(&nodes_);
  std::vector<std::optional<std::uint32_t>> now(writers_.size());
  for (std::uint32_t i = 0; i < before.size(); ++i) {
    if (!before[i]) continue;
    writers[i] = std::move(writers_[*before[i]]);
    now[*before[i]] = i;
  }
  std::deque<std::uint32_t> ages;
  for (const std::uint32_t writer : ages_) {
    if (now[writer]) ages.push_back(*now[writer]);
  }
  writers_ = std::move(writers);
  ages_ = std::move(ages);
  count_blocks();
}

void LogRing::count_blocks() {
  used_ = saved_ = loose_ = packing_ = 0;
  for (const Writer& writer : writers_) {
    for (const Block& block : writer.blocks) {
      used_ += block.capacity;
      if (block.packed > 0) saved_ += block.capacity - block.packed;
      if (!block.settled && &block != &writer.blocks.back()) ++loose_;
    }
  }
}

std::vector<RingLine> LogRing::lines_of(const Block& block, Unpacked& unpacked) {
  std::vector<RingLine> lines;
  const char* data = block.data.get();
  if (block.packed > 0) {
    unpacked.emplace_back(new char[block.size]);
    if (!unpack({data, block.packed}, unpacked.back().get(), block.size)) return lines;
    data = unpacked.back().get();
  }
  lines.reserve(block.lines);
  Header header{};
  for (std::size_t at = 0; at < block.size; at += header.length) {
    std::memcpy(&header, data + at, sizeof header);
    at += sizeof header;
    std::string_view rest{data + at, header.length};
    for (std::uint32_t i = 0; i < header.lines; ++i) {
      const std::size_t end = i + 1 < header.lines ? rest.find('\n') : rest.size();
      lines.push_back({header.sequence + i, header.wall_us, header.run,
                       (header.flags & kStderr) != 0, (header.flags & kContinues) != 0,
                       rest.substr(0, end)});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return lines;
}

LogRing::Block& LogRing::block_for(std::uint32_t writer, std::size_t bytes) {
  Writer& to = writers_[writer];
  if (!to.blocks.empty() && to.blocks.back().capacity - to.blocks.back().size >= bytes)
    return to.blocks.back();
  const std::size_t capacity = std::max(kBlock, bytes);
  make_room(capacity);
  Block block;
  block.capacity = capacity;
  if (capacity == kBlock && spare_ != nullptr)
    block.data = std::move(spare_);
  else
    block.data.reset(new char[capacity]);  // Not make_unique, which would write zeros first.
  used_ += capacity;
  if (!to.blocks.empty()) ++loose_;
  to.blocks.push_back(std::move(block));
  ages_.push_back(writer);
  return to.blocks.back();
}

/// Puts the line behind those of the latest header, where all that is said of it is the same.
bool LogRing::add_to_latest(Block& block, std::uint64_t sequence, const RingLine& line,
                            std::uint32_t flags) {
  Header& latest = block.latest;
  if (block.capacity - block.size <= line.text.size() ||
      latest.sequence + latest.lines != sequence || latest.wall_us != line.wall_us ||
      latest.run != line.run || latest.flags != flags)
    return false;
  latest.length += static_cast<std::uint32_t>(line.text.size()) + 1;
  ++latest.lines;
  char* const header = block.data.get() + block.latest_at;
  std::memcpy(header + offsetof(Header, length), &latest.length, sizeof latest.length);
  std::memcpy(header + offsetof(Header, lines), &latest.lines, sizeof latest.lines);
  char* const end = block.data.get() + block.size;
  *end = '\n';
  if (!line.text.empty()) std::memcpy(end + 1, line.text.data(), line.text.size());
  block.size += line.text.size() + 1;
  return true;
}

std::uint64_t LogRing::add(std::uint32_t writer, const RingLine& line) {
  const std::uint64_t sequence = ++sequence_;
  const std::uint32_t flags = (line.is_stderr ? kStderr : 0U) | (line.continues ? kContinues : 0U);
  Writer& to = writers_[writer];
  Block* block = to.blocks.empty() ? nullptr : &to.blocks.back();
  if (block == nullptr || !add_to_latest(*block, sequence, line, flags)) {
    block = &block_for(writer, sizeof(Header) + line.text.size());
    block->latest = {sequence, line.wall_us, line.run, static_cast<std::uint32_t>(line.text.size()),
                     1,        flags};
    block->latest_at = block->size;
    char* const place = block->data.get() + block->size;
    std::memcpy(place, &block->latest, sizeof(Header));
    if (!line.text.empty()) std::memcpy(place + sizeof(Header), line.text.data(), line.text.size());
    block->size += sizeof(Header) + line.text.size();
  }
  block->last = sequence;
  block->latest_us = std::max(block->latest_us, line.wall_us);
  ++block->lines;
  return sequence;
}

/// Drops the oldest blocks until `bytes` more fit. Each owner of an old block that it may keep goes
/// to the back of the queue, so one round over all writers is the longest this can take.
void LogRing::make_room(std::size_t bytes) {
  for (std::size_t tried = 0; used_ + bytes > limit_ && tried < ages_.size();) {
    const std::uint32_t writer = ages_.front();
    ages_.pop_front();
    Writer& from = writers_[writer];
    if (from.blocks.size() <= kKeepBlocks) {
      ages_.push_back(writer);
      ++tried;
      continue;
    }
    drop_oldest(from);
  }
}

/// Of several blocks: the last one is still being filled.
void LogRing::drop_oldest(Writer& writer) {
  Block& oldest = writer.blocks.front();
  used_ -= oldest.capacity;
  writer.forgotten += oldest.lines;
  writer.last_forgotten = oldest.last;
  if (!oldest.settled) --loose_;
  if (oldest.packed > 0)
    saved_ -= oldest.capacity - oldest.packed;
  else if (oldest.capacity == kBlock)
    spare_ = std::move(oldest.data);
  writer.blocks.pop_front();
}

bool LogRing::pack(std::uint64_t until, std::size_t budget) {
  TextPacker packer;
  std::size_t done = 0;
  for (; packing_ < writers_.size(); ++packing_) {
    auto& blocks = writers_[packing_].blocks;
    for (std::size_t i = 0; i + 1 < blocks.size() && blocks[i].last <= until; ++i) {
      Block& block = blocks[i];
      if (block.settled) continue;
      if (done >= budget) return true;
      block.settled = true;
      --loose_;
      if (block.size > kPackedBlock) continue;
      done += block.size;
      PackedText packed = packer.pack({block.data.get(), block.size});
      if (packed.size == 0) continue;
      block.data = std::move(packed.data);
      block.packed = packed.size;
      saved_ += block.capacity - block.packed;
    }
  }
  packing_ = 0;
  return false;
}

std::vector<std::string> LogRing::tail(std::uint32_t writer, std::size_t lines,
                                       std::size_t bytes) const {
  std::vector<std::string> last;
  std::size_t taken = 0;
  Unpacked unpacked;
  constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::min();
  each_newest(writer, kEver, unpacked, [&](const RingLine& line) {
    if (last.size() == lines) return false;
    if (taken + line.text.size() > bytes) {
      if (last.empty()) last.emplace_back(line.text.substr(0, utf8_cut(line.text, bytes)));
      return false;
    }
    taken += line.text.size();
    last.emplace_back(line.text);
    return true;
  });
  std::reverse(last.begin(), last.end());
  return last;
}

}  // namespace bootsman
