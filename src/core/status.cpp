#include "core/status.h"

#include "base/format.h"

namespace bootsman {
namespace {

Health health_of(const Phase& phase) {
  const auto* ready = std::get_if<phase::Ready>(&phase);
  return ready != nullptr && ready->health ? ready->health->health : Health::Unknown;
}

/// What a waiting unit waits for: the first such unit, and how many more.
std::string waits_for(const Plan& plan, const State& state, UnitIndex index) {
  const Unit& spec = plan[index];
  std::string first;
  std::size_t more = 0;
  const auto add = [&](UnitIndex other) {
    if (first.empty()) {
      first = plan[other].id();
    } else {
      ++more;
    }
  };
  for (const UnitIndex other : spec.after) {
    if (!state.units[other.value].settled) add(other);
  }
  if (first.empty()) {
    for (const UnitIndex other : spec.requires_) {
      const UnitState now = unit_state(state.units[other.value].phase);
      const bool met =
          now == UnitState::Ready || now == UnitState::Done || now == UnitState::Skipped;
      if (!met) add(other);
    }
  }
  if (first.empty()) return {};
  return more == 0 ? "waits for " + first : format("waits for {} and {} more", first, more);
}

Verdict::Reason reason_of(const Plan& plan, const State& state, UnitIndex index) {
  const UnitStatus status = unit_status(plan, state, index);
  const std::string word(to_text(status.state));
  return {status.id, status.why.empty() ? word : word + ": " + status.why};
}

/// Collects the units for which `bad` holds.
template <class Bad>
Verdict verdict(const Plan& plan, const State& state, Bad bad) {
  Verdict result;
  for (std::uint32_t i = 0; i < plan.units.size(); ++i) {
    if (!bad(plan.units[i], state.units[i])) continue;
    result.ok = false;
    result.reasons.push_back(reason_of(plan, state, UnitIndex{i}));
  }
  return result;
}

/// Between the boot's last unit and the end of its turn nobody asks.
bool boot_is_done(const State& state) {
  return state.boot_done || (state.booted_at && state.unsettled == 0);
}

}  // namespace

UnitStatus unit_status(const Plan& plan, const State& state, UnitIndex index) {
  const UnitRuntime& unit = state.units[index.value];
  UnitStatus status;
  status.id = plan[index].id();
  status.kind = plan[index].kind;
  status.state = unit_state(unit.phase);
  status.health = health_of(unit.phase);
  status.since = unit.since;
  status.why = unit.why;
  status.says = unit.says;
  status.pid = process_of(unit.phase).value_or(Process{}).pid;
  status.restarts = unit.restarts;
  if (status.state == UnitState::Ready) status.ready_since = unit.since;
  if (unit.last_run) {
    status.last_exit = unit.last_run->text;
    status.last_cpu = unit.last_run->cpu;
    status.last_max_rss = unit.last_run->max_rss;
  }
  if (std::holds_alternative<phase::Waiting>(unit.phase)) {
    status.why = waits_for(plan, state, index);
  }
  return status;
}

Verdict health_verdict(const Plan& plan, const State& state) {
  return verdict(plan, state, [](const Unit& spec, const UnitRuntime& unit) {
    return meaning_of_failure(spec, unit) == OnFailure::Unhealthy &&
           std::holds_alternative<phase::Failed>(unit.phase);
  });
}

Verdict ready_verdict(const Plan& plan, const State& state) {
  const bool booting = !boot_is_done(state);
  Verdict result = verdict(plan, state, [booting](const Unit& spec, const UnitRuntime& unit) {
    const UnitState now = unit_state(unit.phase);
    const bool hung = spec.kind == UnitKind::Mount && health_of(unit.phase) == Health::Unhealthy;
    const bool fine =
        (now == UnitState::Ready || now == UnitState::Done || now == UnitState::Skipped) && !hung;
    return (booting && !unit.settled) ||
           (meaning_of_failure(spec, unit) == OnFailure::Unhealthy && !fine);
  });
  if (state.shutdown) {
    result.reasons.insert(result.reasons.begin(), {"", "stopping: " + state.shutdown->reason});
  }
  result.ok = boot_is_done(state) && result.reasons.empty();
  return result;
}

Verdict startup_verdict(const Plan& plan, const State& state) {
  if (boot_is_done(state)) return {};
  Verdict result =
      verdict(plan, state, [](const Unit&, const UnitRuntime& unit) { return !unit.settled; });
  result.ok = false;
  return result;
}

}  // namespace bootsman
