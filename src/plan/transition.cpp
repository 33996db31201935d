#include "plan/transition.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace bootsman {
namespace {

using Names = std::vector<std::string>;

std::map<std::string, UnitIndex> index_of(const Plan& plan) {
  std::map<std::string, UnitIndex> index;
  for (std::uint32_t i = 0; i < plan.units.size(); ++i) index[plan.units[i].id()] = UnitIndex{i};
  return index;
}

Names ids_of(const Plan& plan, const std::vector<UnitIndex>& units) {
  Names ids;
  for (const UnitIndex unit : units) ids.push_back(plan[unit].id());
  std::ranges::sort(ids);
  return ids;
}

bool speaks(const std::optional<CheckPlan>& check) {
  return check && speaks_by_itself(check->probe);
}

/// Takes over what counts without a new run. A check by the unit's own word is no such thing: its
/// process was given, or not given, what to speak through.
Unit with_live_part_of(Unit unit, const Unit& other) {
  unit.early = other.early;
  unit.after = other.after;
  unit.requires_ = other.requires_;
  unit.restart_on = other.restart_on;
  unit.on_failure = other.on_failure;
  unit.restart = other.restart;
  unit.stop = other.stop;
  unit.settle = other.settle;
  unit.timeout = other.timeout;
  unit.success_codes = other.success_codes;
  unit.forward = other.forward;
  unit.log.format = other.log.format;
  unit.log.when_blocked = other.log.when_blocked;
  if (!speaks(unit.ready) && !speaks(other.ready)) unit.ready = other.ready;
  if (!speaks(unit.health) && !speaks(other.health)) unit.health = other.health;
  return unit;
}

bool same_order(const Plan& from, const Unit& before, const Plan& to, const Unit& after) {
  return ids_of(from, before.after) == ids_of(to, after.after) &&
         ids_of(from, before.requires_) == ids_of(to, after.requires_) &&
         ids_of(from, before.restart_on) == ids_of(to, after.restart_on);
}

/// What differs between two units of one run; nothing when nothing does.
std::optional<Transition::Adjusted> adjustment(const Plan& from, const Unit& before, const Plan& to,
                                               UnitIndex unit) {
  const Unit& after = to[unit];
  Unit placed = before;
  placed.after = after.after;
  placed.requires_ = after.requires_;
  placed.restart_on = after.restart_on;
  if (placed == after && same_order(from, before, to, after)) return std::nullopt;
  return Transition::Adjusted{unit, before.ready != after.ready || before.settle != after.settle,
                              before.health != after.health, before.timeout != after.timeout};
}

/// Puts the job of the plan in force into the next one.
void keep_job(const Plan& current, Plan& next, std::vector<std::string>& later) {
  const auto now = current.job();
  const auto then = next.job();
  if (now && then) {
    Unit kept = current[*now];
    Unit& place = next.units[then->value];
    kept.after = place.after;
    kept.requires_ = place.requires_;
    kept.restart_on = place.restart_on;
    if (!(kept == place)) later.push_back("the job");
    place = std::move(kept);
  } else if (now) {
    later.push_back("the removal of the job");
    Unit kept = current[*now];
    kept.after.clear();
    kept.requires_.clear();
    kept.restart_on.clear();
    next.units.push_back(std::move(kept));
    next.dependants.emplace_back();
  } else if (then) {
    later.push_back("the job");
    next.units[then->value].conditions.skip_reason =
        "it was added by a reload: a job begins with its container";
  }
}

}  // namespace

bool needs_new_run(const Unit& before, const Unit& after) {
  return !(with_live_part_of(before, after) == after);
}

Transition make_transition(const Plan& from, const Plan& to) {
  Transition transition;
  const auto places = index_of(to);
  for (std::uint32_t i = 0; i < from.units.size(); ++i) {
    const Unit& before = from.units[i];
    const auto found = places.find(before.id());
    if (found == places.end()) {
      transition.moved.emplace_back();
      transition.replaced.push_back(UnitIndex{i});
      continue;
    }
    transition.moved.emplace_back(found->second);
    if (needs_new_run(before, to[found->second])) {
      transition.replaced.push_back(UnitIndex{i});
    } else if (const auto adjusted = adjustment(from, before, to, found->second)) {
      transition.adjusted.push_back(*adjusted);
    }
  }
  return transition;
}

ReloadTarget reload_target(const Plan& current, Plan next, bool job_began) {
  ReloadTarget target;
  if (!(next.http == current.http)) target.later.push_back("[http]");
  if (!(next.control == current.control)) target.later.push_back("[control]");
  if (next.secret_names != current.secret_names) target.later.push_back("secrets.names");
  next.http = current.http;
  next.control = current.control;
  next.secret_names = current.secret_names;
  if (job_began || !current.job()) keep_job(current, next, target.later);
  target.plan = std::move(next);
  return target;
}

std::string say_transition(const Plan& from, const Plan& to, const Transition& transition) {
  Names removed;
  Names restarted;
  Names added;
  Names adjusted;
  for (const UnitIndex unit : transition.replaced) {
    (transition.moved[unit.value] ? restarted : removed).push_back(from[unit].id());
  }
  for (const auto& one : transition.adjusted) adjusted.push_back(to[one.unit].id());
  const auto before = index_of(from);
  for (const Unit& unit : to.units) {
    if (!before.contains(unit.id())) added.push_back(unit.id());
  }
  std::string text;
  const auto add = [&](std::string_view verb, const Names& names, std::string_view rest = "") {
    if (names.empty()) return;
    text += (text.empty() ? "" : "; ") + std::string(verb) + " " + join(names, ", ");
    text += rest;
  };
  add("restarts", restarted);
  add("adds", added);
  add("removes", removed);
  add("changes", adjusted, " while it runs");
  return text.empty() ? "nothing has changed" : text;
}

}  // namespace bootsman
