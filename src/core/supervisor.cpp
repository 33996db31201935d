#include "core/supervisor.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"
#include "core/commands.h"
#include "core/reload.h"
#include "core/shutdown.h"
#include "core/turn.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

/// A Tick that comes later than this after its deadline tells of a pause of the whole container,
/// in which units could not run either. When it began is not known: at the earliest with the turn
/// before.
constexpr Millis kPause{1'000};

void on_booted(Turn& turn) {
  State& state = turn.state;
  if (state.booted_at || state.shutdown) return;
  state.booted_at = turn.now;
  for (std::size_t i = 0; i < turn.plan.units.size(); ++i) {
    const UnitIndex unit{static_cast<std::uint32_t>(i)};
    turn.enter(unit, phase::Waiting{}, "");
    turn.due.push_back(unit);
    skip_if_told(turn, unit);
  }
}

void on_tick(Turn& turn) {
  State& state = turn.state;
  const auto earliest = earlier(state.deadlines.earliest(), reload_deadline(state));
  if (earliest && turn.now - *earliest > kPause) {
    for (std::size_t i = 0; i < state.units.size(); ++i) {
      forgive_pause(turn, UnitIndex{static_cast<std::uint32_t>(i)}, turn.now - state.last_turn);
    }
    forgive_reload(state, turn.now - state.last_turn);
  }
  while (state.deadlines.earliest().value_or(MonoTime::max()) <= turn.now) {
    on_unit_deadline(turn, state.deadlines.first());
  }
  on_shutdown_deadline(turn);
}

/// The unit that a fact is about: its run says so. Its place may be one of the plan before a
/// reload. Nothing when no unit has such a run now: then the fact is about one that is over.
std::optional<UnitIndex> find_unit(const Turn& turn, UnitIndex said, RunId run) {
  const auto& units = turn.state.units;
  if (said.value < units.size() && run_of(units[said.value].phase) == run) return said;
  for (std::uint32_t i = 0; i < units.size(); ++i) {
    if (run_of(units[i].phase) == run) return UnitIndex{i};
  }
  return std::nullopt;
}

void take_in(Turn& turn, const Event& event) {
  const auto about_unit = [&](auto handler, const auto& fact) {
    const auto unit = find_unit(turn, fact.unit, fact.run);
    if (!unit) return;
    if (*unit == fact.unit) return handler(turn, fact);
    auto placed = fact;
    placed.unit = *unit;
    handler(turn, placed);
  };
  std::visit(overloaded{
                 [&](const Booted&) { on_booted(turn); },
                 [&](const ConditionsKnown& fact) { about_unit(on_conditions_known, fact); },
                 [&](const Spawned& fact) { about_unit(on_spawned, fact); },
                 [&](const SpawnFailed& fact) { about_unit(on_spawn_failed, fact); },
                 [&](const ExecSucceeded& fact) { about_unit(on_exec_succeeded, fact); },
                 [&](const ProcessesEnded& fact) {
                   for (const ProcessEnd& end : fact.ends) about_unit(on_process_end, end);
                   recount_leftovers(turn);
                 },
                 [&](const GroupEmptied& fact) { about_unit(on_group_emptied, fact); },
                 [&](const StepFinished& fact) { about_unit(on_step_finished, fact); },
                 [&](const StopCommandEnded& fact) { about_unit(on_stop_command_ended, fact); },
                 [&](const CheckFinished& fact) { about_unit(on_check_finished, fact); },
                 [&](const Notified& fact) { about_unit(on_notified, fact); },
                 [&](const SignalReceived& fact) { on_signal(turn, fact); },
                 [&](const Tick&) { on_tick(turn); },
                 [&](const LeftoversCounted& fact) { on_leftovers_counted(turn, fact); },
                 [&](const CommandReceived& fact) { on_command(turn, fact); },
                 [&](const ReloadAsked& fact) { on_reload_asked(turn, fact); },
                 [&](const PlanAdopted&) { on_plan_adopted(turn); },
             },
             event);
}

bool is_stopped_by_command(const UnitRuntime& unit) {
  return std::holds_alternative<phase::Stopped>(unit.phase);
}

std::string boot_summary(const Turn& turn) {
  constexpr std::array kShown{UnitState::Ready,   UnitState::Done,   UnitState::Skipped,
                              UnitState::Backoff, UnitState::Failed, UnitState::Blocked,
                              UnitState::Stopped};
  std::string counts;
  for (const UnitState shown : kShown) {
    const auto count = std::ranges::count_if(turn.state.units, [shown](const UnitRuntime& unit) {
      return unit_state(unit.phase) == shown;
    });
    if (count == 0) continue;
    counts += format("{}{} {}", counts.empty() ? ": " : ", ", count, to_text(shown));
  }
  return format("boot done in {}{}", say_duration(turn.now - *turn.state.booted_at), counts);
}

/// Every unit has come to its end by itself. The init stays for the sake of its port, unless what
/// it is there for (a service, a mount, the job) never ran at all: a container that can do nothing
/// must not look alive.
void on_nothing_left(Turn& turn) {
  if (std::ranges::any_of(turn.state.units, is_stopped_by_command)) {
    turn.say(Severity::Info, std::nullopt,
             "nothing runs: units are stopped by command; start one, or stop the container");
    return;
  }
  bool wanted = false;
  bool ran = false;
  bool failed = false;
  std::string reasons;
  for (std::size_t i = 0; i < turn.plan.units.size(); ++i) {
    const Unit& spec = turn.plan.units[i];
    const UnitRuntime& unit = turn.state.units[i];
    failed = failed || unit_state(unit.phase) == UnitState::Failed;
    if (spec.kind == UnitKind::Step) continue;
    wanted = true;
    ran = ran || unit.executed;
    if (reasons.size() > 500) continue;
    reasons += format("{}{} {}: {}", reasons.empty() ? "" : "; ", spec.id(),
                      to_text(unit_state(unit.phase)), unit.why);
  }
  if (wanted && !ran) return begin_shutdown(turn, 78, "no unit could run: " + reasons);
  if (turn.plan.http.enabled) {
    turn.say(Severity::Info, std::nullopt, "nothing is left to run; waiting to be stopped");
    return;
  }
  if (turn.plan.units.empty()) return begin_shutdown(turn, 78, "there is no unit to run");
  begin_shutdown(turn, failed ? 1 : 0, "nothing is left to run");
}

void work_off_lists(Turn& turn) {
  std::size_t doomed = 0;
  std::size_t due = 0;
  while (doomed < turn.doomed.size() || due < turn.due.size()) {
    if (doomed < turn.doomed.size()) {
      const auto [unit, by] = turn.doomed[doomed++];
      if (std::holds_alternative<phase::Waiting>(turn.unit(unit).phase)) block(turn, unit, by);
    } else {
      look_at_waiting(turn, turn.due[due++]);
    }
  }
  for (const UnitIndex unit : turn.starts) start_now(turn, unit);
  turn.doomed.clear();
  turn.due.clear();
  turn.starts.clear();
  flush_step_queue(turn);
}

void work_off(Turn& turn, bool was_open) {
  work_off_lists(turn);
  State& state = turn.state;
  if (std::holds_alternative<life::Booting>(state.life) && !state.shutdown && state.booted_at &&
      state.unsettled == 0) {
    state.life = life::Up{};
    state.boot_done = true;
    const std::string summary = boot_summary(turn);
    turn.tell(Happened::What::BootDone, std::nullopt, summary);
    turn.say(Severity::Info, std::nullopt, summary);
    was_open = true;
  }
  if (was_open && state.open == 0 && std::holds_alternative<life::Up>(state.life)) {
    on_nothing_left(turn);
  }
  advance_shutdown(turn);
}

}  // namespace

Actions step(const Plan& plan, State& state, const Event& event, MonoTime now) {
  if (std::holds_alternative<life::Finished>(state.life)) return {};
  Turn turn(plan, state, now);
  const bool was_open = state.open > 0;
  take_in(turn, event);
  // A handler may have come to the end of the life.
  if (!std::holds_alternative<life::Finished>(state.life)) work_off(turn, was_open);
  if (!std::holds_alternative<life::Finished>(state.life)) {
    advance_reload(turn);
    work_off_lists(turn);  // Nothing is left on them when another plan is to be adopted.
  }
  state.last_turn = now;
  return std::move(turn.actions);
}

std::optional<MonoTime> next_deadline(const State& state) {
  if (std::holds_alternative<life::Finished>(state.life)) return std::nullopt;
  return earlier(earlier(state.deadlines.earliest(), shutdown_deadline(state)),
                 reload_deadline(state));
}

}  // namespace bootsman
