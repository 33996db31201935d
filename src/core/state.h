#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/types.h"
#include "core/messages.h"
#include "plan/plan.h"

namespace bootsman {

/// The name of a unit's state as people see it.
enum class UnitState : std::uint8_t {
  Idle,
  Waiting,
  Starting,
  Running,
  Ready,
  Stopping,
  Stopped,
  Backoff,
  Done,
  Failed,
  Blocked,
  Skipped,
};
std::string_view to_text(UnitState state);

enum class InitPhase : std::uint8_t { Booting, Up, Draining, StoppingUnits, Sweeping, Finished };

/// What is known of a unit's health. "Not yet known" is a state of its own.
enum class Health : std::uint8_t { Unknown, Healthy, Unhealthy };

}  // namespace bootsman
