#pragma once

#include <cstdint>

#include "base/types.h"

namespace bootsman {

/// What the processes of one unit use now.
struct UnitUsage {
  std::uint32_t processes = 0;
  /// Bytes of resident memory, added up: what several processes share counts for each of them. (The
  /// exact share, PSS, takes the kernel a walk through all page tables.)
  std::uint64_t memory = 0;
  Micros cpu{0};  ///< Of the processes that live; falls when one ends.
};

}  // namespace bootsman
