#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

enum class Need : std::uint8_t { Met, Open, Lost };

/// Whether a required unit lets those who require it start.
Need need_of(const Phase& phase) {
  switch (unit_state(phase)) {
    case UnitState::Ready:
    case UnitState::Done:
    case UnitState::Skipped:
      return Need::Met;
    case UnitState::Failed:
    case UnitState::Blocked:
    case UnitState::Stopped:
      return Need::Lost;
    case UnitState::Idle:
    case UnitState::Waiting:
    case UnitState::Starting:
    case UnitState::Running:
    case UnitState::Stopping:
    case UnitState::Backoff:
      return Need::Open;
  }
  return Need::Open;
}

void spawn(Turn& turn, UnitIndex unit) {
  const RunId run = turn.next_run();
  turn.unit(unit).says.clear();
  if (!turn.unit(unit).first_run_at) turn.unit(unit).first_run_at = turn.now;
  turn.enter(unit, phase::Spawning{run}, turn.unit(unit).last_end);
  turn.act(Spawn{unit, run});
}

}  // namespace

void queue_step(Turn& turn, UnitIndex unit) {
  turn.enter(unit, phase::Queued{}, "");
  auto& queue = turn.state.step_queue;
  queue.insert(std::ranges::upper_bound(queue, unit), unit);
}

void look_at_waiting(Turn& turn, UnitIndex unit) {
  const UnitRuntime& runtime = turn.unit(unit);
  if (runtime.unsettled > 0) return;
  if (!std::holds_alternative<phase::Waiting>(runtime.phase)) return;
  for (const UnitIndex required : turn.spec(unit).requires_) {
    switch (need_of(turn.unit(required).phase)) {
      case Need::Met:
        break;
      case Need::Open:
        return;
      case Need::Lost:
        return block(turn, unit, required);
    }
  }
  turn.starts.push_back(unit);
}

void start_now(Turn& turn, UnitIndex unit) {
  const Phase& phase = turn.unit(unit).phase;
  if (std::holds_alternative<phase::Backoff>(phase)) return launch(turn, unit);
  if (!std::holds_alternative<phase::Waiting>(phase)) return;
  if (!turn.spec(unit).conditions.asks()) return launch(turn, unit);
  const RunId run = turn.next_run();
  turn.enter(unit, phase::Asking{run}, "its conditions are being looked at");
  turn.act(AskConditions{unit, run});
}

void launch(Turn& turn, UnitIndex unit) {
  if (turn.spec(unit).builtin) {
    queue_step(turn, unit);
  } else {
    spawn(turn, unit);
  }
}

void launch_soon(Turn& turn, UnitIndex unit, std::string why) {
  turn.enter(unit, phase::Backoff{std::nullopt}, std::move(why));
  turn.starts.push_back(unit);
}

void flush_step_queue(Turn& turn) {
  State& state = turn.state;
  if (state.applying > 0 || state.step_queue.empty()) return;
  RunSteps batch;
  for (const UnitIndex unit : state.step_queue) {
    const RunId run = turn.next_run();
    turn.enter(unit, phase::Applying{run}, "");
    batch.items.push_back({unit, run});
  }
  state.applying = static_cast<std::uint32_t>(batch.items.size());
  state.step_queue.clear();
  turn.act(std::move(batch));
  time_step(turn);
}

void time_step(Turn& turn) {
  // A batch is in the order of the plan.
  for (std::uint32_t i = 0; i < turn.plan.units.size(); ++i) {
    const UnitIndex unit{i};
    auto* applying = std::get_if<phase::Applying>(&turn.unit(unit).phase);
    if (applying == nullptr) continue;
    if (const auto& timeout = turn.spec(unit).timeout; timeout && !applying->overdue_at)
      applying->overdue_at = turn.now + *timeout;
    return turn.refresh_deadline(unit);
  }
}

std::optional<MonoTime> overdue_at(const Turn& turn, UnitIndex unit, const Process& process) {
  const Unit& spec = turn.spec(unit);
  if (!spec.timeout) return std::nullopt;
  if (spec.kind != UnitKind::Mount) return process.spawned_at + *spec.timeout;
  // A mount that was there once is tried for ever.
  const UnitRuntime& runtime = turn.state.units[unit.value];
  if (runtime.was_ready) return std::nullopt;
  return runtime.first_run_at.value_or(process.spawned_at) + *spec.timeout;
}

void begin_running(Turn& turn, UnitIndex unit, const Process& process) {
  const Unit& spec = turn.spec(unit);
  turn.unit(unit).executed = true;
  turn.say(Severity::Info, unit, format("started (pid {})", process.pid.value));
  phase::Running running{process, phase::UntilItsEnd{}, overdue_at(turn, unit, process)};
  if (spec.kind != UnitKind::Step) {
    if (spec.ready && speaks_by_itself(spec.ready->probe)) {
      running.ready_by = phase::UntilItsWord{};
    } else if (spec.ready) {
      running.ready_by = begin_checks(*spec.ready, turn.now);
    } else if (spec.settle.count() > 0) {
      running.ready_by = phase::Settling{turn.now + spec.settle};
    } else {
      return become_ready(turn, unit, process);
    }
  }
  turn.enter(unit, std::move(running), turn.unit(unit).last_end);
}

void become_ready(Turn& turn, UnitIndex unit, const Process& process) {
  const Unit& spec = turn.spec(unit);
  if (std::holds_alternative<phase::Running>(turn.unit(unit).phase)) {
    turn.say(Severity::Info, unit,
             format("ready after {}", say_duration(turn.now - process.spawned_at)));
  }
  phase::Ready ready{process, std::nullopt, false};
  if (spec.health) ready.health = begin_checks(*spec.health, turn.now);
  const std::string& before = turn.unit(unit).last_end;
  // What ended a mount is a sentence of its own.
  const bool sentence = spec.kind == UnitKind::Mount;
  turn.enter(unit, std::move(ready),
             before.empty() ? "" : (sentence ? "mounted again: " : "the run before ") + before);
  turn.settle(unit);
  turn.wake_dependants(unit);
  if (turn.unit(unit).was_ready) restart_dependants(turn, unit);
  turn.unit(unit).was_ready = true;
}

}  // namespace bootsman
