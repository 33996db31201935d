#pragma once

#include <vector>

#include "config/expand.h"
#include "config/model.h"

namespace bootsman {

struct LoadResult {
  Config config;            ///< What could be read, also where something is wrong.
  Diagnostics diagnostics;  ///< Everything that is wrong, by place.
};

/// Most units that a configuration may have: each costs memory in PID 1.
inline constexpr std::size_t kUnitsMax = 4096;

/// The configuration that these texts make on top of their preset. Pure: what the texts refer to
/// is asked from `facts`. No text at all gives the preset "workspace".
LoadResult load(const std::vector<SourceText>& sources, const ConfigFacts& facts);

}  // namespace bootsman
