#pragma once

#include "config/model.h"
#include "plan/make_plan.h"
#include "plan/plan.h"

namespace bootsman {

/// Settles how a unit's process is started: environment, directory, user, limits, capabilities,
/// terminal. The command and the secrets are not looked at.
void plan_launch(const UnitConfig& config, const PlanFacts& facts, Diagnostics& diagnostics,
                 Launch& launch);

/// Class and level in one number (ioprio_set(2)) of "idle", "best-effort:4" or "realtime:0".
Result<int> parse_ioprio(std::string_view text);

}  // namespace bootsman
