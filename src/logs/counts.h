#pragma once

#include <cstdint>

namespace bootsman {

/// How much output was taken from one writer since the init's start.
struct LogCounts {
  std::uint64_t lines = 0;  ///< Pieces of split lines count each.
  std::uint64_t bytes = 0;  ///< Line ends included.
  std::uint64_t dropped_lines = 0;
  std::uint64_t dropped_bytes = 0;
};

}  // namespace bootsman
