#include "core/reload.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "core/commands.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

using Stage = Reload::Stage;

const Transition& way_of(const Reload& reload) {
  return reload.back ? reload.way_back : reload.way;
}

bool holds(const std::vector<UnitIndex>& units, UnitIndex unit) {
  return std::ranges::find(units, unit) != units.end();
}

/// "service.a is not ready after 5 s: connection refused", "service.a failed: …".
std::string complaint(const Turn& turn, UnitIndex unit, const std::string& what) {
  const std::string& why = turn.state.units[unit.value].why;
  return turn.spec(unit).id() + " " + what + (why.empty() ? "" : ": " + why);
}

void finish(Turn& turn, bool ok, std::string text) {
  const CommandId id = turn.state.reload->id;
  turn.state.reload.reset();
  turn.say(ok ? Severity::Info : Severity::Error, std::nullopt,
           (ok ? "reload done: " : "reload failed: ") + text);
  turn.act(Reply{id, ok, std::move(text)});
}

// ---- Holding

/// Has the unit stand still, if nothing of it is live; else orders its end, once.
void hold(Turn& turn, UnitIndex unit) {
  const std::string why = "the configuration is being reloaded";
  const auto still = [&] {
    std::erase(turn.state.step_queue, unit);
    turn.enter(unit, phase::Held{}, why);
  };
  const auto stop = [&](const Process& process) {
    order_stop(turn, unit, process, Then::Hold, why);
  };
  const auto divert = [](Then& then) {
    // Who was told to stay stopped does.
    if (then != Then::Stay) then = Then::Hold;
  };
  std::visit(
      overloaded{
          [&](phase::Idle) { still(); },
          [&](phase::Waiting) { still(); },
          [&](phase::Asking) { still(); },
          [&](phase::Queued) { still(); },
          [&](phase::Backoff) { still(); },
          [&](phase::Done) { still(); },
          [&](phase::Failed) { still(); },
          [&](phase::Blocked) { still(); },
          [&](phase::Skipped) { still(); },
          [&](phase::Spawning p) {
            turn.enter(unit, phase::Recalled{p.run, turn.spec(unit).stop.signal, Then::Hold}, why);
          },
          [&](phase::Starting p) { stop(p.process); },
          [&](phase::Running p) { stop(p.process); },
          [&](phase::Ready p) { stop(p.process); },
          [&](phase::Recalled& p) { divert(p.then); },
          [&](phase::Stopping& p) { divert(p.then); },
          [&](phase::Cleaning& p) { divert(p.then); },
          // A built-in step comes to its end by itself; what a person stopped stays stopped.
          nothing_in<phase::Applying, phase::Cancelling, phase::Held, phase::Stopped>{},
      },
      turn.unit(unit).phase);
}

bool is_held(const Phase& phase) {
  return std::holds_alternative<phase::Held>(phase) ||
         std::holds_alternative<phase::Stopped>(phase);
}

/// Orders the next wave of what is replaced. True when all of it stands still.
bool hold_all(Turn& turn) {
  const auto& replaced = way_of(*turn.state.reload).replaced;
  bool all = true;
  // A unit stands behind all it needs, so from the back the dependants come first.
  for (auto unit = replaced.rbegin(); unit != replaced.rend(); ++unit) {
    if (is_held(turn.unit(*unit).phase)) continue;
    const bool needed =
        std::ranges::any_of(turn.plan.dependants[unit->value], [&](UnitIndex dependant) {
          return holds(replaced, dependant) && is_live(turn.unit(dependant).phase);
        });
    if (!needed) hold(turn, *unit);
    all = all && is_held(turn.unit(*unit).phase);
  }
  return all;
}

void begin_holding(Turn& turn) {
  Reload& reload = *turn.state.reload;
  reload.stage = Stage::Holding;
  reload.watched.clear();
  reload.hold_until = turn.now + kReloadHoldMargin;
  for (const UnitIndex unit : way_of(reload).replaced) {
    reload.hold_until += turn.spec(unit).stop.timeout;
    answer(turn, unit, false, turn.spec(unit).id() + ": overtaken by a reload");
  }
}

/// Something does not end: what was held starts again under the plan in force.
void give_up_holding(Turn& turn) {
  const Reload& reload = *turn.state.reload;
  const std::vector<UnitIndex> replaced = way_of(reload).replaced;
  std::string names;
  for (const UnitIndex unit : replaced) {
    Phase& phase = turn.unit(unit).phase;
    const auto release = [](Then& then) {
      if (then == Then::Hold) then = Then::Anew;
    };
    if (std::holds_alternative<phase::Held>(phase)) {
      start_by_command(turn, unit);
      skip_if_told(turn, unit);
      continue;
    }
    if (is_live(phase)) names += (names.empty() ? "" : ", ") + turn.spec(unit).id();
    if (auto* p = std::get_if<phase::Recalled>(&phase)) release(p->then);
    if (auto* p = std::get_if<phase::Stopping>(&phase)) release(p->then);
    if (auto* p = std::get_if<phase::Cleaning>(&phase)) release(p->then);
  }
  const std::string problem = names + " can't be ended, so the configuration in force stays";
  finish(turn, false, reload.back ? reload.failure + "; and " + problem : problem);
}

// ---- Watching

enum class Course : std::uint8_t { Good, Bad, Waits, Moves, Lives };

Course course_of(const Turn& turn, UnitIndex unit) {
  const Unit& spec = turn.spec(unit);
  const bool unimportant = spec.kind == UnitKind::Step && spec.on_failure == OnFailure::Ignore;
  switch (unit_state(turn.state.units[unit.value].phase)) {
    case UnitState::Ready:
    case UnitState::Done:
    case UnitState::Skipped:
    case UnitState::Stopped:
      return Course::Good;
    case UnitState::Failed:
    case UnitState::Blocked:
      return unimportant ? Course::Good : Course::Bad;
    case UnitState::Idle:
    case UnitState::Waiting: {
      // Conditions and the queue of steps move on by themselves.
      const bool waits = std::holds_alternative<phase::Waiting>(turn.state.units[unit.value].phase);
      return waits ? Course::Waits : Course::Moves;
    }
    case UnitState::Starting:
    case UnitState::Running:
    case UnitState::Stopping:
    case UnitState::Backoff:
      return Course::Moves;
  }
  return Course::Good;
}

Micros patience_with(const Unit& spec) {
  if (spec.timeout) return *spec.timeout;
  return spec.kind == UnitKind::Step ? kReloadStepPatience : kReloadPatience;
}

/// Until when a unit has to live that is ready because it was started. On the way back nothing is
/// to be learnt from it.
std::optional<MonoTime> lives_until(const Turn& turn, UnitIndex unit) {
  const auto* ready = std::get_if<phase::Ready>(&turn.state.units[unit.value].phase);
  if (ready == nullptr || turn.spec(unit).ready || turn.state.reload->back) return std::nullopt;
  const MonoTime at = ready->process.spawned_at + kReloadProof;
  return at > turn.now ? std::optional(at) : std::nullopt;
}

/// Who is watched has not been ready yet. A mount tries again since that is how it waits for its
/// server; a step since it was told to.
bool is_crash_loop(const Turn& turn, const Reload::Watch& watch) {
  const std::uint32_t restarts = turn.state.units[watch.unit.value].restarts;
  return turn.spec(watch.unit).kind == UnitKind::Service &&
         restarts - watch.restarts >= kReloadDeaths;
}

/// Looks at one watched unit: what is wrong with it, or nothing.
std::string look_at(Turn& turn, Reload::Watch& watch, Course course) {
  if (course == Course::Bad) {
    const bool failed = std::holds_alternative<phase::Failed>(turn.unit(watch.unit).phase);
    return complaint(turn, watch.unit, failed ? "failed" : "is blocked");
  }
  if (course == Course::Waits) watch.until.reset();
  if (course != Course::Moves) return {};
  if (is_crash_loop(turn, watch))
    return complaint(turn, watch.unit, format("died {} times before it was ready", kReloadDeaths));
  const Micros patience = patience_with(turn.spec(watch.unit));
  if (!watch.until) watch.until = turn.now + patience;
  if (*watch.until > turn.now) return {};
  return complaint(turn, watch.unit, "did not get ready within " + say_duration(patience));
}

/// Looks at all that was started. Nothing when there is still something to wait for; else what is
/// wrong, or an empty text.
std::optional<std::string> look_at_watched(Turn& turn) {
  bool moves = false;
  std::string problem;
  std::vector<Reload::Watch> left;
  for (Reload::Watch watch : turn.state.reload->watched) {
    watch.lives_until = lives_until(turn, watch.unit);
    const Course course = watch.lives_until ? Course::Lives : course_of(turn, watch.unit);
    std::string wrong = look_at(turn, watch, course);
    if (!wrong.empty() && problem.empty()) problem = std::move(wrong);
    moves = moves || course == Course::Moves || course == Course::Lives;
    if (course != Course::Good && course != Course::Bad) left.push_back(watch);
  }
  turn.state.reload->watched = std::move(left);
  if (!problem.empty()) return problem;
  return moves ? std::nullopt : std::optional<std::string>("");
}

/// "; service.a still waits for others", or nothing.
std::string who_waits(const Turn& turn) {
  std::string names;
  for (const auto& watch : turn.state.reload->watched) {
    names += (names.empty() ? "" : ", ") + turn.spec(watch.unit).id();
  }
  return names.empty() ? "" : "; " + names + " still waiting for other units";
}

/// True when the reload goes back.
bool watch(Turn& turn) {
  const auto problem = look_at_watched(turn);
  if (!problem) return false;
  Reload& reload = *turn.state.reload;
  if (reload.back) {
    const std::string again = problem->empty() ? "" : "; and there " + *problem;
    finish(turn, false, reload.failure + "; the configuration before is in force again" + again);
    return false;
  }
  if (problem->empty()) {
    finish(turn, true, reload.summary + who_waits(turn));
    return false;
  }
  turn.say(Severity::Error, std::nullopt,
           "reload: " + *problem + "; going back to the configuration before");
  reload.failure = *problem;
  reload.back = true;
  begin_holding(turn);
  return true;
}

// ---- what runs on, under other rules

bool is_probing(const CheckTrack& track) {
  return std::holds_alternative<CheckTrack::Probing>(track.now);
}

/// A probe of the old check may be under way: its answer is not one to the new.
CheckTrack begin_other_checks(const CheckPlan& plan, const CheckTrack* before, MonoTime now) {
  CheckTrack track = begin_checks(plan, now);
  if (before != nullptr && is_probing(*before)) track.now = CheckTrack::Probing{now, true};
  return track;
}

void adjust_running(Turn& turn, UnitIndex unit, phase::Running& running,
                    const Transition::Adjusted& what) {
  const Unit& spec = turn.spec(unit);
  if (what.timeout) running.overdue_at = overdue_at(turn, unit, running.process);
  if (what.ready && spec.kind != UnitKind::Step &&
      !(spec.ready && speaks_by_itself(spec.ready->probe))) {
    if (spec.ready) {
      running.ready_by =
          begin_other_checks(*spec.ready, std::get_if<CheckTrack>(&running.ready_by), turn.now);
    } else if (spec.settle.count() > 0) {
      running.ready_by = phase::Settling{running.process.spawned_at + spec.settle};
    } else {
      return become_ready(turn, unit, Process(running.process));
    }
  }
  turn.refresh_deadline(unit);
}

void adjust_ready(Turn& turn, UnitIndex unit, phase::Ready& ready,
                  const Transition::Adjusted& what) {
  if (!what.health) return;
  const auto& plan = turn.spec(unit).health;
  const bool unhealthy = ready.health && ready.health->health == Health::Unhealthy;
  if (unhealthy) turn.unit(unit).why.clear();
  const auto before = ready.health;
  ready.health.reset();
  if (plan) ready.health = begin_other_checks(*plan, before ? &*before : nullptr, turn.now);
  turn.refresh_deadline(unit);
}

void adjust(Turn& turn, const Transition::Adjusted& what) {
  Phase& phase = turn.unit(what.unit).phase;
  if (auto* running = std::get_if<phase::Running>(&phase)) {
    adjust_running(turn, what.unit, *running, what);
  } else if (auto* ready = std::get_if<phase::Ready>(&phase)) {
    adjust_ready(turn, what.unit, *ready, what);
  }
}

/// Whether a blocked unit may be looked at again: nothing that it requires is lost for good now.
bool may_be_freed(const Turn& turn, UnitIndex unit) {
  return std::ranges::none_of(turn.spec(unit).requires_, [&](UnitIndex required) {
    const Phase& phase = turn.state.units[required.value].phase;
    return is_final(phase) && unit_state(phase) != UnitState::Done &&
           unit_state(phase) != UnitState::Skipped;
  });
}

void start_held(Turn& turn, UnitIndex unit) {
  turn.state.reload->watched.push_back(
      {unit, std::nullopt, std::nullopt, turn.unit(unit).restarts});
  turn.enter(unit, phase::Waiting{}, "");
  turn.due.push_back(unit);
  skip_if_told(turn, unit);
}

}  // namespace

std::string reload_refusal(const State& state) {
  if (state.shutdown) return "the container stops";
  if (!state.booted_at) return "the boot has not begun";
  if (state.reload) return "another reload is under way";
  if (state.applying > 0) return "boot steps are being applied; try again when they are done";
  return {};
}

void on_reload_asked(Turn& turn, const ReloadAsked& fact) {
  if (std::string no = reload_refusal(turn.state); !no.empty()) {
    return turn.act(Reply{fact.id, false, std::move(no)});
  }
  turn.say(Severity::Info, std::nullopt, "reload begins: " + fact.summary);
  Reload reload;
  reload.id = fact.id;
  reload.way = fact.way;
  reload.way_back = fact.way_back;
  reload.summary = fact.summary;
  turn.state.reload = std::move(reload);
  begin_holding(turn);
}

void on_plan_adopted(Turn& turn) {
  auto& reload = turn.state.reload;
  if (!reload || reload->stage != Stage::Adopting) return;
  reload->stage = Stage::Watching;
  const auto adjusted = way_of(*reload).adjusted;
  for (std::uint32_t i = 0; i < turn.plan.units.size(); ++i) {
    const UnitIndex unit{i};
    const Phase& phase = turn.unit(unit).phase;
    if (std::holds_alternative<phase::Held>(phase)) {
      start_held(turn, unit);
    } else if (std::holds_alternative<phase::Waiting>(phase)) {
      turn.due.push_back(unit);
    }
  }
  for (std::uint32_t i = 0; i < turn.plan.units.size(); ++i) {
    const UnitIndex unit{i};
    if (!std::holds_alternative<phase::Blocked>(turn.unit(unit).phase)) continue;
    if (!may_be_freed(turn, unit)) continue;
    turn.enter(unit, phase::Waiting{}, "");
    turn.due.push_back(unit);
  }
  for (const auto& one : adjusted) adjust(turn, one);
}

void advance_reload(Turn& turn) {
  State& state = turn.state;
  if (!state.reload || state.shutdown) return;
  if (state.reload->stage == Stage::Watching && !watch(turn)) return;
  if (!state.reload || state.reload->stage != Stage::Holding) return;
  if (!hold_all(turn) || state.applying > 0) {
    if (state.reload->hold_until <= turn.now && state.applying == 0) give_up_holding(turn);
    return;
  }
  state.reload->stage = Stage::Adopting;
  turn.act(AdoptPlan{});
}

void abandon_reload(Turn& turn) {
  if (!turn.state.reload) return;
  const Reload& reload = *turn.state.reload;
  const std::string done = reload.back                      ? "it was taken back: " + reload.failure
                           : reload.stage == Stage::Holding ? "it was not done"
                                                            : "its outcome is not known";
  finish(turn, false, "the container stops; " + done);
}

bool is_reloading(const State& state, UnitIndex unit) {
  if (!state.reload) return false;
  const Reload& reload = *state.reload;
  if (reload.stage == Stage::Holding) return holds(way_of(reload).replaced, unit);
  if (reload.stage == Stage::Adopting)
    return std::holds_alternative<phase::Held>(state.units[unit.value].phase);
  return std::ranges::find(reload.watched, unit, &Reload::Watch::unit) != reload.watched.end();
}

bool would_take_back(const State& state, UnitIndex unit) {
  return state.reload && state.reload->stage == Stage::Watching && !state.reload->back &&
         is_reloading(state, unit);
}

std::optional<MonoTime> reload_deadline(const State& state) {
  if (!state.reload || state.shutdown) return std::nullopt;
  std::optional<MonoTime> first;
  // Boot steps that were on their way come to an end by themselves.
  if (state.reload->stage == Stage::Holding && state.applying == 0)
    first = state.reload->hold_until;
  for (const auto& watch : state.reload->watched) {
    first = earlier(first, watch.lives_until ? watch.lives_until : watch.until);
  }
  return first;
}

void forgive_reload(State& state, Micros pause) {
  if (!state.reload) return;
  state.reload->hold_until += pause;
  for (auto& watch : state.reload->watched) {
    if (watch.until) *watch.until += pause;
  }
}

void adopt(const Plan& from, const Plan& to, State& state, MonoTime now) {
  const auto& moved = way_of(*state.reload).moved;
  std::vector<UnitRuntime> units(to.units.size());
  std::vector<bool> old(to.units.size());
  for (std::size_t i = 0; i < from.units.size(); ++i) {
    if (!moved[i]) continue;
    units[moved[i]->value] = std::move(state.units[i]);
    old[moved[i]->value] = true;
  }
  state.deadlines = Deadlines(units.size());
  state.live = state.stopping = state.open = state.unsettled = 0;
  for (std::uint32_t i = 0; i < units.size(); ++i) {
    UnitRuntime& unit = units[i];
    if (!old[i]) {
      unit.phase = phase::Held{};
      unit.since = now;
    }
    if (std::holds_alternative<phase::Held>(unit.phase)) {
      unit.settled = false;
      unit.restart = {};
      unit.first_run_at.reset();
    }
    state.live += is_live(unit.phase) ? 1 : 0;
    state.stopping += is_stopping(unit.phase) ? 1 : 0;
    state.open += is_final(unit.phase) ? 0 : 1;
    state.unsettled += unit.settled ? 0 : 1;
    state.deadlines.set(UnitIndex{i}, deadline_of(unit.phase));
  }
  for (std::uint32_t i = 0; i < units.size(); ++i) {
    const auto& after = to.units[i].after;
    units[i].unsettled = static_cast<std::uint32_t>(
        std::ranges::count_if(after, [&](UnitIndex other) { return !units[other.value].settled; }));
  }
  state.units = std::move(units);
}

}  // namespace bootsman
