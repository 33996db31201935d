#include "core/state.h"

namespace bootsman {

std::string_view to_text(UnitState state) {
  switch (state) {
    case UnitState::Idle:
      return "idle";
    case UnitState::Waiting:
      return "waiting";
    case UnitState::Starting:
      return "starting";
    case UnitState::Running:
      return "running";
    case UnitState::Ready:
      return "ready";
    case UnitState::Stopping:
      return "stopping";
    case UnitState::Stopped:
      return "stopped";
    case UnitState::Backoff:
      return "backoff";
    case UnitState::Done:
      return "done";
    case UnitState::Failed:
      return "failed";
    case UnitState::Blocked:
      return "blocked";
    case UnitState::Skipped:
      return "skipped";
  }
  return "unknown";
}

UnitState unit_state(const Phase& phase) {
  struct Name {
    UnitState operator()(const phase::Idle&) const { return UnitState::Idle; }
    UnitState operator()(const phase::Waiting&) const { return UnitState::Waiting; }
    UnitState operator()(const phase::Held&) const { return UnitState::Waiting; }
    UnitState operator()(const phase::Asking&) const { return UnitState::Waiting; }
    UnitState operator()(const phase::Queued&) const { return UnitState::Waiting; }
    UnitState operator()(const phase::Applying&) const { return UnitState::Running; }
    UnitState operator()(const phase::Cancelling&) const { return UnitState::Stopping; }
    UnitState operator()(const phase::Spawning&) const { return UnitState::Starting; }
    UnitState operator()(const phase::Recalled&) const { return UnitState::Stopping; }
    UnitState operator()(const phase::Starting&) const { return UnitState::Starting; }
    UnitState operator()(const phase::Running&) const { return UnitState::Running; }
    UnitState operator()(const phase::Ready&) const { return UnitState::Ready; }
    UnitState operator()(const phase::Stopping&) const { return UnitState::Stopping; }
    UnitState operator()(const phase::Cleaning&) const { return UnitState::Stopping; }
    UnitState operator()(const phase::Backoff&) const { return UnitState::Backoff; }
    UnitState operator()(const phase::Done&) const { return UnitState::Done; }
    UnitState operator()(const phase::Failed&) const { return UnitState::Failed; }
    UnitState operator()(const phase::Blocked&) const { return UnitState::Blocked; }
    UnitState operator()(const phase::Skipped&) const { return UnitState::Skipped; }
    UnitState operator()(const phase::Stopped&) const { return UnitState::Stopped; }
  };
  return std::visit(Name{}, phase);
}

State initial_state(const Plan& plan, std::uint64_t seed) {
  State state;
  const auto count = plan.units.size();
  state.units.resize(count);
  state.deadlines = Deadlines(count);
  for (std::size_t i = 0; i < count; ++i) {
    state.units[i].unsettled = static_cast<std::uint32_t>(plan.units[i].after.size());
  }
  state.unsettled = static_cast<std::uint32_t>(count);
  state.open = static_cast<std::uint32_t>(count);
  state.chance.state = seed;
  return state;
}

InitPhase init_phase(const State& state) {
  struct Name {
    InitPhase operator()(const life::Booting&) const { return InitPhase::Booting; }
    InitPhase operator()(const life::Up&) const { return InitPhase::Up; }
    InitPhase operator()(const life::Draining&) const { return InitPhase::Draining; }
    InitPhase operator()(const life::StoppingUnits&) const { return InitPhase::StoppingUnits; }
    InitPhase operator()(const life::Sweeping&) const { return InitPhase::Sweeping; }
    InitPhase operator()(const life::StoppingMounts&) const { return InitPhase::StoppingUnits; }
    InitPhase operator()(const life::Finished&) const { return InitPhase::Finished; }
  };
  return std::visit(Name{}, state.life);
}

OnFailure meaning_of_failure(const Unit& spec, const UnitRuntime& unit) {
  const bool mounted_once = spec.kind == UnitKind::Mount && unit.was_ready;
  return mounted_once && spec.on_failure == OnFailure::Shutdown ? OnFailure::Unhealthy
                                                                : spec.on_failure;
}

}  // namespace bootsman
