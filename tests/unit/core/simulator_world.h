#pragma once

#include <cerrno>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/core/simulator_plan.h"

namespace bootsman::test {

/// Thrown where a history breaks a rule.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the kernel, the helpers and the prober would do: it carries orders out and makes the facts
/// that come of them, each at its time. It obeys the contract of messages.h and nothing more:
/// programs crash, hang, ignore signals, and leave processes behind as chance wants.
class World {
 public:
  struct Run {
    UnitIndex unit;
    bool process = false;  ///< Its direct child exists or is a zombie that nobody reaped.
    bool executed = false;
    bool group = false;  ///< Others of its group live.
    bool step = false;   ///< A helper has yet to answer for it.
    bool ignores_term = false;
    bool immortal = false;  ///< In the kernel for ever: SIGKILL does nothing.
    bool hangs_in_exec = false;
  };

  World(const Plan& plan, Dice& dice) : plan_(plan), dice_(dice) {
    leftovers_ = dice.one_in(3) ? dice.below(4) : 0;
    stubborn_leftovers_ = dice.one_in(4);
    nasty_ = dice.one_in(2);
  }

  /// Another plan is in force: processes follow their units. Those of units that are gone belong to
  /// nobody.
  void renumber(const std::vector<std::optional<UnitIndex>>& moved) {
    for (auto& [id, run] : runs_) {
      run.unit = run.unit.value < moved.size()
                     ? moved[run.unit.value].value_or(UnitIndex{~std::uint32_t{0}})
                     : run.unit;
    }
  }

  // ---- facts, by the world's own clock

  bool has_fact() const { return !facts_.empty(); }
  MonoTime next_fact_at() const { return facts_.begin()->first.first; }
  /// The next fact that is still true, or nothing when it has come to nothing.
  std::optional<Event> take_fact() {
    const Event event = facts_.begin()->second;
    facts_.erase(facts_.begin());
    return happens(event) ? std::optional(with_company(event)) : std::nullopt;
  }
  void add(MonoTime at, Event event) { facts_.emplace(std::pair(at, ++sequence_), event); }

  /// Something that exists may yet make a fact, though none is on its way.
  bool something_lives() const {
    for (const auto& [id, run] : runs_) {
      if (run.process || run.group || run.step) return true;
    }
    return false;
  }
  const Run* find(RunId run) const {
    const auto found = runs_.find(run.value);
    return found == runs_.end() ? nullptr : &found->second;
  }
  bool unit_has_process(UnitIndex unit) const {
    for (const auto& [id, run] : runs_) {
      if (run.unit == unit && (run.process || run.step)) return true;
    }
    return false;
  }

  bool unit_is_immortal(UnitIndex unit) const {
    for (const auto& [id, run] : runs_) {
      if (run.unit == unit && run.immortal && (run.process || run.group)) return true;
    }
    return false;
  }

  // ---- orders

  void obey(const Action& action, MonoTime now) {
    std::visit(overloaded{
                   [&](const AskConditions& a) {
                     const bool holds = !dice_.one_in(4);
                     add(now + dice_.upto(30), ConditionsKnown{a.unit, a.run, holds, "no /x"});
                   },
                   [&](const RunSteps& a) { run_steps(a, now); },
                   [&](const Spawn& a) { spawn(a, now); },
                   [&](const Kill& a) { kill(a, now); },
                   [&](const RunStopCommand& a) { run_stop_command(a, now); },
                   [](const EndStopCommand&) {},
                   [&](const StartCheck& a) { check(a, now); },
                   [&](const SweepLeftovers& a) { sweep(a, now); },
                   [](const AdoptPlan&) {},
                   [](const Say&) {},
                   [](const Reply&) {},
                   [](const Happened&) {},
                   [](const Finish&) {},
               },
               action);
  }

 private:
  void run_steps(const RunSteps& batch, MonoTime now) {
    MonoTime at = now;
    for (const auto& item : batch.items) {
      runs_[item.run.value] = Run{item.unit};
      runs_[item.run.value].step = true;
      at += dice_.upto(nasty_ && dice_.one_in(8) ? 20'000 : 50);
      add(at, StepFinished{item.unit, item.run, static_cast<StepResult>(dice_.below(4)), "so"});
    }
  }

  void spawn(const Spawn& order, MonoTime now) {
    Run& run = runs_[order.run.value];
    run.unit = order.unit;
    if (nasty_ && dice_.one_in(12)) {
      add(now, SpawnFailed{order.unit, order.run, EAGAIN, "cannot make a process"});
      return;
    }
    run.process = true;
    run.ignores_term = nasty_ && dice_.one_in(5);
    run.immortal = nasty_ && dice_.one_in(40);
    run.hangs_in_exec = nasty_ && dice_.one_in(60);
    run.group = dice_.one_in(5);
    add(now, Spawned{order.unit, order.run, Pid{static_cast<int>(order.run.value)}});
    const MonoTime executed = now + dice_.upto(20);
    if (run.hangs_in_exec) return;
    if (dice_.one_in(10)) {
      constexpr int kErrors[] = {ENOENT, EACCES, ETXTBSY, EAGAIN, ENOMEM};
      return die(order.run, executed, ExecFailure{kErrors[dice_.below(5)], "cannot execute x"});
    }
    // A short-lived program's end may overtake the news of its exec.
    if (!dice_.one_in(10)) add(executed, ExecSucceeded{order.unit, order.run});
    speak(order, executed);
    const bool service = plan_[order.unit].kind == UnitKind::Service;
    if (service && dice_.one_in(2)) return;  // Runs until it is told to stop.
    const MonoTime end = executed + dice_.upto(dice_.one_in(2) ? 100 : 8'000);
    die(order.run, end,
        dice_.one_in(4) ? ExitStatus::signaled(11)
                        : ExitStatus::exited(static_cast<int>(dice_.below(5))));
  }

  /// A program that runs may say anything at any time, also what nobody wants to know.
  void speak(const Spawn& order, MonoTime executed) {
    const bool asked = plan_[order.unit].ready && speaks_by_itself(plan_[order.unit].ready->probe);
    for (std::uint32_t i = dice_.below(asked ? 6 : 3); i > 0; --i) {
      Word word;
      word.ready = dice_.one_in(2);
      word.reloading = dice_.one_in(6);
      word.stopping = dice_.one_in(10);
      word.alive = dice_.one_in(2);
      word.hung = dice_.one_in(20);
      word.speechless = dice_.one_in(20);
      if (dice_.one_in(5)) word.extend = dice_.upto(3'000);
      if (dice_.one_in(5)) word.status = "so and so";
      add(executed + dice_.upto(4'000), Notified{order.unit, order.run, word});
    }
  }

  template <class How>
  void die(RunId run, MonoTime at, How how) {
    const ProcessEnd end{runs_[run.value].unit, run, how, false, {}, 0};
    add(at, ProcessesEnded{{end}, 0});
  }

  /// It may fail, hang, or succeed and end the process, soon or not at all.
  void run_stop_command(const RunStopCommand& order, MonoTime now) {
    const auto found = runs_.find(order.run.value);
    if (found == runs_.end() || !found->second.process)
      throw Broken("a stop command for a run that is gone");
    if (dice_.one_in(4)) return;
    const bool ok = !dice_.one_in(3);
    const MonoTime at = now + dice_.upto(3'000);
    add(at, StopCommandEnded{order.unit, order.run, ok, ok ? "" : "exited 1"});
    const Run& run = found->second;
    if (ok && !run.immortal && !run.ignores_term)
      die(order.run, at + dice_.upto(3'000), ExitStatus::exited(0));
  }

  void kill(const Kill& order, MonoTime now) {
    const auto found = runs_.find(order.run.value);
    if (found == runs_.end()) throw Broken("a signal for a run that never was");
    Run& run = found->second;
    if (run.step) return cancel_helper(now);
    const bool handled = order.signal.value == 1 && dice_.one_in(2);
    if (handled) return;
    const bool certain = order.signal.value == 9;
    const Millis soon = dice_.upto(certain ? 5 : 300);
    if (run.process && !run.immortal && (certain || !run.ignores_term)) {
      die(order.run, now + soon,
          certain || dice_.one_in(2) ? ExitStatus::signaled(order.signal.value)
                                     : ExitStatus::exited(0));
    }
    const bool hits_group = order.scope != KillScope::Process;
    if (run.group && hits_group && !run.immortal && (certain || !run.ignores_term)) {
      add(now + soon + dice_.upto(100), GroupEmptied{order.unit, order.run});
    }
  }

  /// The step that it was at has failed, the others were not begun.
  void cancel_helper(MonoTime now) {
    StepResult result = StepResult::Failed;
    const MonoTime at = now + dice_.upto(5);
    for (auto& [id, run] : runs_) {
      if (!run.step) continue;
      add(at, StepFinished{run.unit, RunId{id}, result, "the helper ended"});
      result = StepResult::NotBegun;
    }
  }

  void check(const StartCheck& order, MonoTime now) {
    const Unit& unit = plan_[order.unit];
    const auto& plan = order.kind == CheckKind::Ready ? unit.ready : unit.health;
    if (!plan) throw Broken("a check that the plan does not have");
    if (speaks_by_itself(plan->probe)) throw Broken("a check of what speaks by itself");
    const auto longest = static_cast<std::uint32_t>(plan->timeout.count());
    const bool ok = !dice_.one_in(3);
    add(now + dice_.upto(longest), CheckFinished{order.unit, order.run, order.kind, ok, "refused"});
  }

  void sweep(const SweepLeftovers& order, MonoTime now) {
    const bool certain = order.signal && order.signal->value == 9;
    add(now + dice_.upto(5), LeftoversCounted{leftovers_, leftovers_ > 0 ? "sleep (pid 44)" : ""});
    if (!order.signal || leftovers_ == 0 || (stubborn_leftovers_ && !certain)) return;
    leftovers_ -= certain ? leftovers_ : 1 + dice_.below(leftovers_);
    add(now + dice_.upto(200), ProcessesEnded{{}, 1});
  }

  /// Whether a fact that was foreseen comes true, and what it changes in the world.
  bool happens(const Event& event) {
    if (const auto* fact = std::get_if<ProcessesEnded>(&event)) {
      if (fact->ends.empty()) return true;
      Run& run = runs_[fact->ends[0].run.value];
      const bool first = run.process;
      run.process = false;
      return first;
    }
    if (const auto* fact = std::get_if<ExecSucceeded>(&event)) {
      Run& run = runs_[fact->run.value];
      const bool first = run.process && !run.executed;
      run.executed = true;
      return first;
    }
    if (const auto* fact = std::get_if<GroupEmptied>(&event)) {
      Run& run = runs_[fact->run.value];
      if (run.process || !run.group) return empty_later(*fact, run);
      run.group = false;
      return true;
    }
    if (const auto* fact = std::get_if<StepFinished>(&event)) {
      Run& run = runs_[fact->run.value];
      const bool first = run.step;
      run.step = false;
      return first;
    }
    if (const auto* fact = std::get_if<CheckFinished>(&event)) {
      return runs_[fact->run.value].process;
    }
    if (const auto* fact = std::get_if<Notified>(&event)) return runs_[fact->run.value].process;
    return true;
  }

  /// The others were gone before the leader: its end will tell that none is left.
  bool empty_later(const GroupEmptied&, Run& run) {
    if (run.process) run.group = false;
    return false;
  }

  /// One round of reaping finds all that is dead by now.
  Event with_company(Event event) {
    auto* ended = std::get_if<ProcessesEnded>(&event);
    if (ended == nullptr || ended->ends.empty()) return event;
    ended->ends[0].group_left = runs_[ended->ends[0].run.value].group;
    while (!facts_.empty() && dice_.one_in(2)) {
      auto* other = std::get_if<ProcessesEnded>(&facts_.begin()->second);
      if (other == nullptr || other->ends.empty()) break;
      ProcessEnd end = other->ends[0];
      const bool first = happens(facts_.begin()->second);
      facts_.erase(facts_.begin());
      if (!first) continue;
      end.group_left = runs_[end.run.value].group;
      ended->ends.push_back(end);
    }
    return event;
  }

  const Plan& plan_;
  Dice& dice_;
  std::map<std::pair<MonoTime, std::uint64_t>, Event> facts_;
  std::map<std::uint64_t, Run> runs_;
  std::uint64_t sequence_ = 0;
  std::uint32_t leftovers_ = 0;
  bool stubborn_leftovers_ = false;
  bool nasty_ = false;
};

}  // namespace bootsman::test
