#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/types.h"

namespace bootsman {

/// What is counted and measured of one mount.
struct MountNumbers {
  std::uint64_t mounted = 0;     ///< How often it came up.
  std::optional<Millis> probe;   ///< How long the latest probe took that was answered.
  std::uint64_t cache_bytes = 0; ///< What its cache folder held when it was measured last.

  std::uint64_t remounts() const { return mounted > 0 ? mounted - 1 : 0; }
};

/// Of all mounts that have been started, by the unit's index.
using MountNumbersByUnit = std::map<std::uint32_t, MountNumbers>;

/// Of one unit; zeros where it has not been started.
inline MountNumbers numbers_of(const MountNumbersByUnit* all, UnitIndex unit) {
  if (all == nullptr) return {};
  const auto found = all->find(unit.value);
  return found == all->end() ? MountNumbers{} : found->second;
}

}  // namespace bootsman
