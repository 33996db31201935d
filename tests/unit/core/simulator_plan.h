#pragma once

#include <string>

#include "core/restart.h"
#include "plan/transition.h"
#include "unit/core/bench.h"

namespace bootsman::test {

/// Chance for tests: whole numbers and coin throws.
struct Dice {
  Prng prng;
  std::uint32_t below(std::uint32_t end) {
    return end == 0 ? 0 : static_cast<std::uint32_t>(prng.next() % end);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  Millis upto(std::uint32_t ms) { return Millis{below(ms + 1)}; }
};

inline CheckPlan random_check(Dice& dice) {
  CheckPlan check;
  check.probe = TcpProbe{"127.0.0.1", 80};
  check.initial_delay = dice.one_in(3) ? dice.upto(2'000) : Millis{0};
  check.every = Millis{1 + dice.below(2'000)};
  check.timeout = Millis{1 + dice.below(2'000)};
  check.failures = dice.below(4);
  check.on_unhealthy = dice.one_in(2) ? OnUnhealthy::Restart : OnUnhealthy::Mark;
  return check;
}

inline CheckPlan random_ready(Dice& dice) {
  CheckPlan check = random_check(dice);
  if (dice.one_in(4)) check.probe = NotifyProbe{};
  if (dice.one_in(8)) check.probe = NotifyFdProbe{3};
  return check;
}

inline CheckPlan random_health(Dice& dice) {
  CheckPlan check = random_check(dice);
  if (dice.one_in(3)) check.probe = WatchdogProbe{Millis{1 + dice.below(3'000)}};
  return check;
}

inline RestartPolicy random_restart(Dice& dice, bool one_shot) {
  using When = RestartPolicy::When;
  RestartPolicy policy;
  policy.when = one_shot && !dice.one_in(4) ? When::Never : static_cast<When>(dice.below(3));
  policy.delay = dice.one_in(4) ? Millis{0} : dice.upto(1'000);
  policy.max_delay = dice.upto(10'000);
  policy.factor = 1.0 + static_cast<double>(dice.below(20)) / 10.0;
  policy.jitter = static_cast<double>(dice.below(11)) / 10.0;
  policy.reset_after = dice.upto(5'000);
  policy.limit = dice.one_in(2) ? dice.below(5) : 0;
  policy.within = dice.upto(60'000);
  return policy;
}

inline StopPolicy random_stop(Dice& dice) {
  StopPolicy policy;
  policy.signal = dice.one_in(4) ? Signal{2} : Signal{15};
  policy.timeout = dice.one_in(8) ? Millis{0} : dice.upto(12'000);
  policy.kill = static_cast<KillScope>(dice.below(3));
  if (dice.one_in(4)) policy.command = {"stop"};
  for (std::uint32_t i = dice.one_in(3) ? dice.below(3) : 0; i > 0; --i)
    policy.later.push_back({dice.upto(4'000), Signal{10}});
  return policy;
}

inline UnitKind random_kind(Dice& dice) {
  const std::uint32_t drawn = dice.below(10);
  return drawn < 4 ? UnitKind::Step : drawn < 5 ? UnitKind::Mount : UnitKind::Service;
}

inline void fill_unit(Dice& dice, Unit& unit) {
  const bool one_shot = unit.kind == UnitKind::Step || unit.kind == UnitKind::Job;
  if (unit.kind == UnitKind::Step && !dice.one_in(3)) {
    unit.builtin = BuiltinStep{"motd", StepWhen::Always, {}};
  }
  unit.restart = random_restart(dice, one_shot);
  unit.stop = random_stop(dice);
  unit.on_failure = dice.one_in(12)  ? OnFailure::Shutdown
                    : dice.one_in(2) ? OnFailure::Ignore
                                     : OnFailure::Unhealthy;
  if (dice.one_in(3)) unit.conditions.if_exists = {"/x"};
  if (dice.one_in(15)) unit.conditions.skip_reason = "not here";
  if (dice.one_in(2)) unit.ready = random_ready(dice);
  if (dice.one_in(3)) unit.health = random_health(dice);
  if (dice.one_in(4)) unit.settle = dice.upto(1'000);
  if (dice.one_in(4)) unit.timeout = dice.upto(5'000);
  if (dice.one_in(6)) unit.success_codes = {0, 3};
  if (dice.one_in(3) && !unit.builtin) unit.forward = {Signal{1}};
  if (dice.one_in(4) && !unit.after.empty()) unit.restart_on = {unit.after.front()};
}

/// What somebody may make of a plan by editing its configuration: units go, come, change in what
/// takes a new run or in what does not, and move. `names` counts the units that were ever named.
inline Plan edited_plan(Dice& dice, const Plan& from, std::uint32_t& names) {
  PlanBuilder made;
  const auto there = [&](const std::vector<UnitIndex>& units) {
    std::vector<std::string> left;
    for (const UnitIndex unit : units) {
      const std::string& name = from[unit].name;
      if (made.index(name).value != ~std::uint32_t{0} && !dice.one_in(12)) left.push_back(name);
    }
    return left;
  };
  for (const Unit& unit : from.units) {
    if (dice.one_in(10)) {
      std::vector<std::string> after;
      if (!made.plan().units.empty() && dice.one_in(2)) after.push_back(made.plan().units[0].name);
      fill_unit(dice, made.add(random_kind(dice), "u" + std::to_string(names++), after));
    }
    if (unit.kind != UnitKind::Job && dice.one_in(8)) continue;
    const auto after = there(unit.after);
    const auto needs = there(unit.requires_);
    Unit& copy = made.add(unit.kind, unit.name, after, needs);
    Unit kept = dice.one_in(6) ? Unit{} : unit;
    if (kept.name.empty()) {
      kept.kind = unit.kind;
      kept.name = unit.name;
      fill_unit(dice, kept);
    }
    kept.after = copy.after;
    kept.requires_ = copy.requires_;
    if (!kept.restart_on.empty()) kept.restart_on = copy.after;
    if (dice.one_in(6)) kept.launch.argv.push_back("-v");
    if (dice.one_in(8)) kept.restart = random_restart(dice, kept.kind == UnitKind::Step);
    if (dice.one_in(8)) kept.stop = random_stop(dice);
    if (dice.one_in(8)) kept.timeout = dice.upto(5'000);
    if (dice.one_in(8) && !kept.builtin) kept.ready = random_ready(dice);
    if (dice.one_in(8) && !kept.builtin) kept.health = random_health(dice);
    copy = std::move(kept);
  }
  Plan& plan = made.plan();
  plan.shutdown = from.shutdown;
  plan.http = from.http;
  if (dice.one_in(6)) plan.shutdown.timeout = dice.upto(20'000);
  return plan;
}

/// A plan of 1 to `most` units, with a random graph and random policies.
inline Plan random_plan(Dice& dice, std::uint32_t most) {
  PlanBuilder made;
  const std::uint32_t count = 1 + dice.below(most);
  const std::uint32_t density = 1 + dice.below(8);
  const bool with_job = dice.one_in(3);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::vector<std::string> after;
    std::vector<std::string> needs;
    for (std::uint32_t j = 0; j < i; ++j) {
      if (dice.below(count * 2) >= density) continue;
      (dice.one_in(2) ? after : needs).push_back("u" + std::to_string(j));
    }
    const bool job = with_job && i + 1 == count;
    Unit& unit = made.add(job ? UnitKind::Job : random_kind(dice),
                          job ? "job" : "u" + std::to_string(i), after, needs);
    fill_unit(dice, unit);
  }
  Plan& plan = made.plan();
  plan.shutdown.timeout = dice.one_in(10) ? Millis{0} : dice.upto(20'000);
  plan.shutdown.drain = dice.one_in(3) ? dice.upto(10'000) : Millis{0};
  plan.http.enabled = !dice.one_in(3);
  return plan;
}

}  // namespace bootsman::test
