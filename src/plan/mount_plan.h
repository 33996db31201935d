#pragma once

#include "config/model.h"
#include "plan/plan.h"

namespace bootsman {

/// Fills in what is special of a mount: what it mounts, its program, its probes. `secrets` are the
/// names in `secrets.names`.
void plan_mount(const UnitConfig& config, const std::vector<std::string>& secrets, Unit& unit,
                Diagnostics& diagnostics);

}  // namespace bootsman
