#pragma once

#include <cstdint>
#include <optional>

#include "base/types.h"

namespace bootsman {

/// What is counted and measured of one mount.
struct MountNumbers {
  std::uint64_t mounted = 0;     ///< How often it came up; all but the first are remounts.
  std::optional<Millis> probe;   ///< How long the latest probe took that was answered.
  std::uint64_t cache_bytes = 0; ///< What its cache folder held when it was measured last.
};

}  // namespace bootsman
