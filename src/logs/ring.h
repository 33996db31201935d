#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace bootsman {

/// One line that is remembered.
struct RingLine {
  std::uint64_t sequence = 0;  ///< Counts the lines of all writers, from 1: their common order.
  std::int64_t wall_us = 0;    ///< When it came: microseconds since 1970, UTC.
  std::uint64_t run = 0;       ///< RunId of the writer's run; 0 for the init's own lines.
  bool is_stderr = false;
  bool continues = false;  ///< Continues the line before it of the same stream.
  std::string_view text;   ///< Without any line end. See LogRing::each().
};

/// The latest output of all units, in one memory for all: blocks of a few KiB, the oldest block of
/// all goes first, but never the last `keep` blocks of a writer, so that a flood of one leaves the
/// last words of the others. Counts what it forgot. Blocks that are full can be packed; they are
/// unpacked for who reads them.
class LogRing {
 public:
  static constexpr std::size_t kBlock = 4 * 1024;
  static constexpr std::size_t kKeepBlocks = 2;
  static constexpr std::size_t kPackedBlock = 32 * 1024;

  /// `limit`: bytes in all, counted in whole blocks as they are unpacked. The kept blocks may go
  /// beyond it.
  explicit LogRing(std::size_t limit = 8 * 1024 * 1024) : limit_(limit) {}

  /// A new writer, numbered from 0.
  std::uint32_t add_writer();

  /// Numbers the writers anew: the writer I from now on is the one that was `before[I]`, or a new
  /// one. What the others wrote is forgotten.
  void renumber(const std::vector<std::optional<std::uint32_t>>& before);

  /// Remembers a line. Gives its sequence number.
  std::uint64_t add(std::uint32_t writer, const RingLine& line);

  /// Where the lines of packed blocks lie while somebody reads them.
  using Unpacked = std::vector<std::unique_ptr<char[]>>;

  /// Calls visit(RingLine) for the writer's remembered lines after that sequence number, in order,
  /// until it gives back false. The texts are valid until the next add(), as long as `unpacked` is.
  template <class Visit>
  void each(std::uint32_t writer, std::uint64_t after, Unpacked& unpacked, Visit&& visit) const {
    for (const Block& block : writers_[writer].blocks) {
      if (block.last <= after) continue;
      for (const RingLine& line : lines_of(block, unpacked))
        if (line.sequence > after && !visit(line)) return;
    }
  }
  /// The same from the newest line on, of those that came at `since_us` or later.
  template <class Visit>
  void each_newest(std::uint32_t writer, std::int64_t since_us, Unpacked& unpacked,
                   Visit&& visit) const {
    const auto& blocks = writers_[writer].blocks;
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      if (block->latest_us < since_us) continue;
      const std::vector<RingLine> lines = lines_of(*block, unpacked);
      for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (line->wall_us >= since_us && !visit(*line)) return;
    }
  }

  /// Packs full blocks whose lines are not newer than that sequence number, until `budget` bytes
  /// are done; goes on there the next time. False: there was none left. What is larger than
  /// kPackedBlock stays as it is: it would take milliseconds at once.
  bool pack(std::uint64_t until, std::size_t budget);
  /// How many full blocks have not been packed.
  std::size_t loose() const { return loose_; }

  /// The writer's last lines, oldest first, at most `lines` and `bytes` together; of a latest line
  /// that has more bytes its beginning.
  std::vector<std::string> tail(std::uint32_t writer, std::size_t lines, std::size_t bytes) const;

  /// Lines of this writer that were remembered once and are forgotten.
  std::uint64_t forgotten(std::uint32_t writer) const { return writers_[writer].forgotten; }
  /// The sequence number of the newest of them; 0: there is none.
  std::uint64_t last_forgotten(std::uint32_t writer) const {
    return writers_[writer].last_forgotten;
  }
  std::uint64_t last_sequence() const { return sequence_; }
  /// Bytes of all blocks, as if none were packed.
  std::size_t memory() const { return used_; }
  /// Bytes that packing has saved.
  std::size_t saved() const { return saved_; }

 private:
  /// What is said once of lines that came one after the other at the same time, as those of one
  /// read do: the lines stand behind it with a line end between them.
  struct Header {
    std::uint64_t sequence;  ///< Of the first line.
    std::int64_t wall_us;
    std::uint64_t run;
    std::uint32_t length;  ///< Of all lines and what is between them.
    std::uint32_t lines;
    std::uint32_t flags;
  };
  struct Block {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;
    std::size_t capacity = 0;  ///< Without packing.
    std::size_t packed = 0;    ///< Bytes of `data` when it is packed, else 0.
    bool settled = false;      ///< It is packed, or would not get smaller.
    std::size_t latest_at = 0;  ///< Where the latest header is.
    Header latest{};            ///< The same, to be compared with.
    std::uint64_t last = 0;     ///< Sequence number of its last line.
    std::int64_t latest_us = 0;  ///< Of its lines the latest time; the clock may go back.
    std::uint32_t lines = 0;
  };
  struct Writer {
    explicit Writer(std::pmr::memory_resource* nodes) : blocks(nodes) {}
    std::pmr::deque<Block> blocks;
    std::uint64_t forgotten = 0;
    std::uint64_t last_forgotten = 0;
  };
  static std::vector<RingLine> lines_of(const Block& block, Unpacked& unpacked);
  static constexpr std::uint32_t kStderr = 1;
  static constexpr std::uint32_t kContinues = 2;
  static bool add_to_latest(Block& block, std::uint64_t sequence, const RingLine& line,
                            std::uint32_t flags);
  Block& block_for(std::uint32_t writer, std::size_t bytes);
  void make_room(std::size_t bytes);
  void drop_oldest(Writer& writer);
  void count_blocks();

  std::size_t limit_;
  std::size_t used_ = 0;
  std::size_t saved_ = 0;
  std::size_t loose_ = 0;
  std::size_t packing_ = 0;  ///< The writer at which pack() goes on.
  std::uint64_t sequence_ = 0;
  /// What says where the blocks are lies apart from them: a page of small things that stay would
  /// keep the memory of packed blocks from the kernel.
  std::pmr::unsynchronized_pool_resource nodes_{{.max_blocks_per_chunk = 64,
                                                 .largest_required_pool_block = 1024}};
  std::deque<Writer> writers_;      ///< By number; never moved.
  std::deque<std::uint32_t> ages_;  ///< Whose block is the oldest, the next oldest, …
  std::unique_ptr<char[]> spare_;   ///< The memory of a dropped block of kBlock bytes.
};

}  // namespace bootsman
