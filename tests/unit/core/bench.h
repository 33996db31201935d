#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "core/reload.h"
#include "core/status.h"
#include "core/supervisor.h"

// A plan put together by hand, and a core that is fed by hand: what tests of the core share.

namespace bootsman::test {

/// Units in start order, named by their bare names.
class PlanBuilder {
 public:
  PlanBuilder() {
    plan_.shutdown.timeout = Millis{9'000};
    plan_.shutdown.drain = Millis{0};
  }

  Unit& add(UnitKind kind, const std::string& name, const std::vector<std::string>& after = {},
            const std::vector<std::string>& needs = {}) {
    Unit unit;
    unit.kind = kind;
    unit.name = name;
    unit.on_failure = kind == UnitKind::Step ? OnFailure::Ignore : OnFailure::Unhealthy;
    if (kind == UnitKind::Step || kind == UnitKind::Job) {
      unit.restart.when = RestartPolicy::When::Never;
    }
    unit.restart.jitter = 0;
    unit.launch.argv = {name};
    for (const auto& other : after) unit.after.push_back(index(other));
    for (const auto& other : needs) {
      unit.requires_.push_back(index(other));
      if (std::ranges::find(unit.after, index(other)) == unit.after.end()) {
        unit.after.push_back(index(other));
      }
    }
    const UnitIndex self{static_cast<std::uint32_t>(plan_.units.size())};
    plan_.dependants.emplace_back();
    for (const UnitIndex other : unit.after) plan_.dependants[other.value].push_back(self);
    plan_.units.push_back(std::move(unit));
    return plan_.units.back();
  }
  Unit& service(const std::string& name, const std::vector<std::string>& after = {},
                const std::vector<std::string>& needs = {}) {
    return add(UnitKind::Service, name, after, needs);
  }
  Unit& step(const std::string& name, const std::vector<std::string>& after = {},
             const std::vector<std::string>& needs = {}) {
    return add(UnitKind::Step, name, after, needs);
  }
  Unit& builtin(const std::string& name, const std::vector<std::string>& after = {}) {
    Unit& unit = step(name, after);
    unit.builtin = BuiltinStep{name, StepWhen::Always, {}};
    return unit;
  }
  Unit& mount(const std::string& name, const std::vector<std::string>& after = {}) {
    return add(UnitKind::Mount, name, after);
  }
  Unit& job(const std::vector<std::string>& after = {},
            const std::vector<std::string>& needs = {}) {
    return add(UnitKind::Job, "job", after, needs);
  }
  UnitIndex index(const std::string& name) const {
    for (std::uint32_t i = 0; i < plan_.units.size(); ++i) {
      if (plan_.units[i].name == name) return UnitIndex{i};
    }
    return UnitIndex{~std::uint32_t{0}};
  }
  Plan& plan() { return plan_; }

 private:
  Plan plan_;
};

/// "spawn a", "kill a SIGTERM group", "check a ready", "ask a", "steps a b", "sweep SIGTERM",
/// "reply ok: service.a is ready", "finish 0 SIGTERM"; lines of the log are left out.
inline std::string show(const Plan& plan, const Action& action) {
  const auto name = [&](UnitIndex unit) { return plan[unit].name; };
  const auto scope = [](KillScope kill) {
    return kill == KillScope::Process ? "process" : kill == KillScope::Group ? "group" : "tree";
  };
  return std::visit(
      overloaded{
          [&](const AskConditions& a) { return "ask " + name(a.unit); },
          [&](const RunSteps& a) {
            std::string text = "steps";
            for (const auto& item : a.items) text += " " + name(item.unit);
            return text;
          },
          [&](const Spawn& a) { return "spawn " + name(a.unit); },
          [&](const Kill& a) {
            return format("kill {} {} {}", name(a.unit), signal_name(a.signal), scope(a.scope));
          },
          [&](const RunStopCommand& a) { return "stop command " + name(a.unit); },
          [&](const EndStopCommand& a) { return "end stop command " + name(a.unit); },
          [&](const StartCheck& a) {
            return format("check {} {}", name(a.unit),
                          a.kind == CheckKind::Ready ? "ready" : "health");
          },
          [&](const SweepLeftovers& a) {
            return "sweep " + (a.signal ? signal_name(*a.signal) : std::string("count"));
          },
          [](const AdoptPlan&) { return std::string("adopt"); },
          [&](const Say&) { return std::string(); },
          [&](const Happened&) { return std::string(); },
          [&](const Reply& a) { return format("reply {}: {}", a.ok ? "ok" : "no", a.text); },
          [&](const Finish& a) { return format("finish {} {}", a.exit_code, a.reason); },
      },
      action);
}

inline std::string show(const Plan& plan, const Actions& actions) {
  std::string text;
  for (const Action& action : actions) {
    const std::string one = show(plan, action);
    if (one.empty()) continue;
    text += (text.empty() ? "" : "; ") + one;
  }
  return text;
}

/// A core fed by hand. Each function feeds one fact and returns the orders as text.
class Bench {
 public:
  explicit Bench(Plan made, std::uint64_t seed = 1)
      : plan(std::move(made)), state(initial_state(this->plan, seed)) {}

  std::string send(const Event& event) {
    const Plan before = plan;
    Actions actions = step(plan, state, event, now);
    std::string text = show(before, actions);
    if (!actions.empty() && std::holds_alternative<AdoptPlan>(actions.back())) {
      std::swap(plan, other);
      adopt(other, plan, state, now);
      std::map<UnitIndex, RunId> moved;
      for (const auto& [unit, run] : runs) moved[at(before[unit].name)] = run;
      runs = std::move(moved);
      note(actions);
      const std::string more = send(PlanAdopted{});
      return text + (more.empty() ? "" : "; ") + more;
    }
    note(actions);
    return text;
  }
  void note(const Actions& actions) {
    for (const Action& action : actions) {
      if (const auto* a = std::get_if<AskConditions>(&action)) runs[a->unit] = a->run;
      if (const auto* a = std::get_if<Spawn>(&action)) runs[a->unit] = a->run;
      if (const auto* a = std::get_if<RunSteps>(&action)) {
        for (const auto& item : a->items) runs[item.unit] = item.run;
      }
      if (const auto* a = std::get_if<Say>(&action)) {
        const bool named = a->unit && a->unit->value < plan.units.size();
        said.push_back((a->severity == Severity::Debug ? "(debug) " : "") +
                       (named ? plan[*a->unit].name + ": " + a->text : a->text));
      }
    }
  }
  /// Asks to go over to that plan.
  std::string reload(const Plan& next) {
    if (!state.reload) other = next;
    const Transition way = make_transition(plan, next);
    return send(ReloadAsked{CommandId{++commands}, way, make_transition(next, plan),
                            say_transition(plan, next, way)});
  }
  std::string boot() { return send(Booted{}); }
  std::string tick(Millis later = Millis{0}) {
    now += later;
    return send(Tick{});
  }
  /// Goes to the next deadline, which has to be there, and ticks.
  std::string tick_when_due() {
    now = std::max(now, next_deadline(state).value_or(now));
    return send(Tick{});
  }
  std::string spawned(const std::string& name) {
    return send(Spawned{at(name), run(name), Pid{++pids}});
  }
  std::string executed(const std::string& name) { return send(ExecSucceeded{at(name), run(name)}); }
  /// Spawned and executed.
  std::string up(const std::string& name) {
    const std::string first = spawned(name);
    const std::string second = executed(name);
    return first + (first.empty() || second.empty() ? "" : "; ") + second;
  }
  std::string ended(const std::string& name, ExitStatus how, bool group_left = false) {
    return send(ProcessesEnded{{ProcessEnd{at(name), run(name), how, group_left, {}, 0}}, 0});
  }
  std::string exec_failed(const std::string& name, int error, const std::string& what) {
    return send(ProcessesEnded{
        {ProcessEnd{at(name), run(name), ExecFailure{error, what}, false, {}, 0}}, 0});
  }
  std::string spawn_failed(const std::string& name, int error, const std::string& what) {
    return send(SpawnFailed{at(name), run(name), error, what});
  }
  std::string group_emptied(const std::string& name) {
    return send(GroupEmptied{at(name), run(name)});
  }
  std::string checked(const std::string& name, CheckKind kind, bool ok,
                      const std::string& why = "refused") {
    return send(CheckFinished{at(name), run(name), kind, ok, ok ? "" : why});
  }
  std::string notified(const std::string& name, const Word& word) {
    return send(Notified{at(name), run(name), word});
  }
  std::string step_over(const std::string& name, StepResult result, const std::string& why = "") {
    return send(StepFinished{at(name), run(name), result, why});
  }
  std::string stop_command_over(const std::string& name, bool ok) {
    return send(StopCommandEnded{at(name), run(name), ok, ok ? "" : "exited 1"});
  }
  std::string conditions(const std::string& name, bool holds, const std::string& why = "") {
    return send(ConditionsKnown{at(name), run(name), holds, why});
  }
  std::string signal(int number) { return send(SignalReceived{Signal{number}}); }
  std::string counted(std::uint32_t count, const std::string& names = "") {
    return send(LeftoversCounted{count, names});
  }

  std::string command(Command what) { return send(CommandReceived{CommandId{++commands}, what}); }
  std::string start(const std::string& name) { return command(StartUnit{at(name)}); }
  std::string stop(const std::string& name) { return command(StopUnit{at(name)}); }
  std::string restart(const std::string& name) { return command(RestartUnit{at(name)}); }

  UnitIndex at(const std::string& name) const {
    for (std::uint32_t i = 0; i < plan.units.size(); ++i) {
      if (plan.units[i].name == name) return UnitIndex{i};
    }
    return UnitIndex{~std::uint32_t{0}};
  }
  RunId run(const std::string& name) { return runs[at(name)]; }
  UnitStatus status(const std::string& name) const { return unit_status(plan, state, at(name)); }
  std::string is(const std::string& name) const { return std::string(to_text(status(name).state)); }
  bool was_said(const std::string& line) const {
    return std::ranges::find(said, line) != said.end();
  }

  Plan plan;
  Plan other;  ///< The one that is not in force, while a reload is under way.
  State state;
  MonoTime now{Millis{1'000'000}};
  std::map<UnitIndex, RunId> runs;
  int pids = 30;
  std::uint64_t commands = 0;
  std::vector<std::string> said;
};

}  // namespace bootsman::test
