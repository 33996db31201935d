#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
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
  std::string_view text;   ///< Without any line end. Valid until the next add().
};

/// The latest output of all units, in one memory for all: blocks of a few KiB, the oldest block of
/// all goes first, but never the last `keep` blocks of a writer, so that a flood of one leaves the
/// last words of the others. Counts what it forgot.
class LogRing {
 public:
  static constexpr std::size_t kBlock = 4 * 1024;
  static constexpr std::size_t kKeepBlocks = 2;

  /// `limit`: bytes in all, counted in whole blocks. The kept blocks may go beyond it.
  explicit LogRing(std::size_t limit = 8 * 1024 * 1024) : limit_(limit) {}

  /// A new writer, numbered from 0.
  std::uint32_t add_writer();

  /// Numbers the writers anew: the writer I from now on is the one that was `before[I]`, or a new
  /// one. What the others wrote is forgotten.
  void renumber(const std::vector<std::optional<std::uint32_t>>& before);

  /// Remembers a line. Gives its sequence number.
  std::uint64_t add(std::uint32_t writer, const RingLine& line);

  /// Calls visit(RingLine) for the writer's remembered lines after that sequence number, in order.
  template <class Visit>
  void each(std::uint32_t writer, std::uint64_t after, Visit&& visit) const {
    for (const Block& block : writers_[writer].blocks) {
      if (block.last <= after) continue;
      each_line(block, [&](const RingLine& line) {
        if (line.sequence > after) visit(line);
      });
    }
  }

  /// The writer's last lines, oldest first, at most `lines` and `bytes` together.
  std::vector<std::string> tail(std::uint32_t writer, std::size_t lines, std::size_t bytes) const;

  /// Lines of this writer that were remembered once and are forgotten.
  std::uint64_t forgotten(std::uint32_t writer) const { return writers_[writer].forgotten; }
  std::uint64_t last_sequence() const { return sequence_; }
  std::size_t memory() const { return used_; }

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
    std::size_t capacity = 0;
    std::size_t latest_at = 0;  ///< Where the latest header is.
    Header latest{};            ///< The same, to be compared with.
    std::uint64_t last = 0;     ///< Sequence number of its last line.
    std::uint32_t lines = 0;
  };
  struct Writer {
    std::deque<Block> blocks;
    std::uint64_t forgotten = 0;
  };
  /// Calls visit(RingLine) for each line of the block, in order.
  template <class Visit>
  static void each_line(const Block& block, Visit&& visit) {
    Header header{};
    for (std::size_t at = 0; at < block.size; at += header.length) {
      std::memcpy(&header, block.data.get() + at, sizeof header);
      at += sizeof header;
      std::string_view rest{block.data.get() + at, header.length};
      for (std::uint32_t i = 0; i < header.lines; ++i) {
        const std::size_t end = i + 1 < header.lines ? rest.find('\n') : rest.size();
        visit(RingLine{header.sequence + i, header.wall_us, header.run,
                       (header.flags & kStderr) != 0, (header.flags & kContinues) != 0,
                       rest.substr(0, end)});
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
  }
  static constexpr std::uint32_t kStderr = 1;
  static constexpr std::uint32_t kContinues = 2;
  static bool add_to_latest(Block& block, std::uint64_t sequence, const RingLine& line,
                            std::uint32_t flags);
  Block& block_for(std::uint32_t writer, std::size_t bytes);
  void make_room(std::size_t bytes);

  std::size_t limit_;
  std::size_t used_ = 0;
  std::uint64_t sequence_ = 0;
  std::deque<Writer> writers_;      ///< By number; never moved.
  std::deque<std::uint32_t> ages_;  ///< Whose block is the oldest, the next oldest, …
  std::unique_ptr<char[]> spare_;   ///< The memory of a dropped block of kBlock bytes.
};

}  // namespace bootsman
