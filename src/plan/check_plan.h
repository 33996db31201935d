#pragma once

#include <optional>
#include <string>

#include "config/model.h"
#include "plan/plan.h"

namespace bootsman {

/// The check below `name` ("ready" or "health") of a unit; nothing when it has none, or when it is
/// wrong, which is reported.
std::optional<CheckPlan> plan_check(const UnitConfig& unit, const std::string& name,
                                    Diagnostics& diagnostics);

}  // namespace bootsman
