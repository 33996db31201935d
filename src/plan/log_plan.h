#pragma once

#include "config/model.h"
#include "plan/plan.h"

namespace bootsman {

/// How the init's own lines are written: what the table [log] says.
LogPlan plan_log(const Settings& top);

/// How the unit's are: its own `log` keys, what [log] says, then the defaults of its kind.
LogPlan plan_unit_log(const UnitConfig& unit, const Settings& top, Diagnostics& diagnostics);

}  // namespace bootsman
