#pragma once

#include <cstdint>
#include <string_view>

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

}  // namespace bootsman
