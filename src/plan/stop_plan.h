#pragma once

#include "config/model.h"
#include "plan/plan.h"

namespace bootsman {

/// What a unit's `stop` table says. "SIGINT 5s" in `stop.signal` is a signal, and how long to wait
/// until the next one.
StopPolicy plan_stop(const UnitConfig& config, Diagnostics& diagnostics);

}  // namespace bootsman
