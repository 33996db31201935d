#include "logs/ring.h"

#include <algorithm>
#include <cstring>

namespace bootsman {
namespace {

constexpr std::uint32_t kStderr = 1;
constexpr std::uint32_t kContinues = 2;

}  // namespace

std::uint32_t LogRing::add_writer() {
  writers_.emplace_back();
  return static_cast<std::uint32_t>(writers_.size() - 1);
}

void LogRing::renumber(const std::vector<std::optional<std::uint32_t>>& before) {
  std::deque<Writer> writers(before.size());
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
  used_ = 0;
  for (const Writer& writer : writers) {
    for (const Block& block : writer.blocks) used_ += block.capacity;
  }
  writers_ = std::move(writers);
  ages_ = std::move(ages);
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
  to.blocks.push_back(std::move(block));
  ages_.push_back(writer);
  return to.blocks.back();
}

std::uint64_t LogRing::add(std::uint32_t writer, RingLine line) {
  Block& block = block_for(writer, sizeof(Header) + line.text.size());
  const Header header{++sequence_, line.wall_us, line.run,
                      static_cast<std::uint32_t>(line.text.size()),
                      (line.is_stderr ? kStderr : 0U) | (line.continues ? kContinues : 0U)};
  char* const place = block.data.get() + block.size;
  std::memcpy(place, &header, sizeof header);
  if (!line.text.empty()) std::memcpy(place + sizeof header, line.text.data(), line.text.size());
  block.size += sizeof header + line.text.size();
  block.last = sequence_;
  ++block.lines;
  return sequence_;
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
    Block& oldest = from.blocks.front();
    used_ -= oldest.capacity;
    from.forgotten += oldest.lines;
    if (oldest.capacity == kBlock) spare_ = std::move(oldest.data);
    from.blocks.pop_front();
  }
}

RingLine LogRing::read(const Block& block, std::size_t& at) {
  Header header{};
  std::memcpy(&header, block.data.get() + at, sizeof header);
  at += sizeof header;
  RingLine line{header.sequence,
                header.wall_us,
                header.run,
                (header.flags & kStderr) != 0,
                (header.flags & kContinues) != 0,
                {block.data.get() + at, header.length}};
  at += header.length;
  return line;
}

std::vector<std::string> LogRing::tail(std::uint32_t writer, std::size_t lines,
                                       std::size_t bytes) const {
  std::vector<std::string> last;
  std::size_t taken = 0;
  const auto& blocks = writers_[writer].blocks;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    std::vector<std::string_view> texts;
    for (std::size_t at = 0; at < block->size;) texts.push_back(read(*block, at).text);
    for (auto text = texts.rbegin(); text != texts.rend(); ++text) {
      if (last.size() == lines || taken + text->size() > bytes) {
        std::reverse(last.begin(), last.end());
        return last;
      }
      taken += text->size();
      last.emplace_back(*text);
    }
  }
  std::reverse(last.begin(), last.end());
  return last;
}

}  // namespace bootsman
