#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/model.h"

namespace bootsman {

/// One unit waits for another.
struct Link {
  std::size_t to = 0;     ///< Index of the unit that is waited for.
  bool required = false;  ///< By `requires`: its failure blocks.
  bool implicit = false;  ///< Nobody wrote it: a service or the job behind a step, …
  bool restarts = false;  ///< By `restart_on`: ready again, it has the unit restarted.
  Position at;
};

/// What every enabled unit waits for, and what its `requires` says of units that are disabled.
struct Links {
  std::vector<const UnitConfig*> units;   ///< The enabled ones.
  std::vector<std::vector<Link>> of;      ///< By unit; each target once.
  std::vector<std::string> skip_reasons;  ///< By unit; not empty: something required is disabled.
};

/// Looks up the names in `after`, `requires` and `restart_on` (ids, or bare names where they are
/// unique) and adds the order that nobody has to ask for: services and the job behind all steps,
/// unless `early`; the job requires all mounts.
Links link_units(const Config& config, Diagnostics& diagnostics);

/// Reports each cycle: "service.a → service.b → service.a", with the places.
void report_cycles(const Links& links, const std::vector<std::vector<std::size_t>>& cycles,
                   const std::vector<std::string>& files, Diagnostics& diagnostics);

}  // namespace bootsman
