#pragma once

#include <vector>

#include "base/unit_usage.h"
#include "shell/proc_walk.h"

namespace bootsman {

/// How the kernel counts.
struct UsageScale {
  std::uint64_t page = 4096;  ///< Bytes.
  std::uint64_t ticks = 100;  ///< In a second.
  static UsageScale of_this_machine();
};

/// What each leader's processes use: itself, its session, and all that descend from these. A leader
/// of 0 has none. A process of two leaders counts for the nearest above it.
std::vector<UnitUsage> usage_of(const std::vector<Pid>& leaders,
                                const std::vector<ProcessInfo>& processes, UsageScale scale);

}  // namespace bootsman
