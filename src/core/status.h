#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state.h"

namespace bootsman {

struct State;

/// What people and probes may see of one unit: a copy, free of secrets.
struct UnitStatus {
  std::string id;
  UnitKind kind = UnitKind::Service;
  UnitState state = UnitState::Idle;
  Health health = Health::Unknown;
  MonoTime since{};
  std::string why;   ///< A sentence of our own, no output of the unit.
  std::string says;  ///< What it says of itself (STATUS of sd_notify(3)): text of the unit.
  Pid pid{};         ///< 0 when no process runs.
  std::uint32_t restarts = 0;
  std::optional<MonoTime> ready_since;  ///< While it is ready.
  std::string last_exit;           ///< Of the latest run that is over; empty when there was none.
  Micros last_cpu{0};              ///< Its user and system time.
  std::uint64_t last_max_rss = 0;  ///< Its peak, in bytes.
};

UnitStatus unit_status(const Plan& plan, const State& state, UnitIndex unit);

/// Of a mount: whether it is there and answers.
inline bool is_up(const UnitStatus& mount) {
  return mount.state == UnitState::Ready && mount.health != Health::Unhealthy;
}

/// The answers of /health, /health/ready and /health/startup (design: HTTP on port 8080).
struct Verdict {
  struct Reason {
    std::string unit;
    std::string why;
  };
  bool ok = true;
  std::vector<Reason> reasons;
};

/// Not ok only when a unit with on_failure = "unhealthy" has failed for good.
Verdict health_verdict(const Plan& plan, const State& state);
/// Ok when boot is done, nothing stops, and every unit with on_failure = "unhealthy" is ready,
/// done or skipped; a mount that does not answer is not ready.
Verdict ready_verdict(const Plan& plan, const State& state);
/// Ok when boot is done: every unit has been ready, ended, failed, blocked or skipped once.
Verdict startup_verdict(const Plan& plan, const State& state);

}  // namespace bootsman
