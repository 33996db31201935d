#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bootsman {

/// How to get from one plan to another while the container runs. Units are the same where their
/// ids are. Plain data, as it becomes part of the core's state.
struct Transition {
  /// A unit whose run goes on, though something of it has changed.
  struct Adjusted {
    UnitIndex unit;        ///< Of the new plan.
    bool ready = false;    ///< What makes it ready: its check, or `settle`.
    bool health = false;   ///< Its health check.
    bool timeout = false;  ///< How long it may take.
    bool operator==(const Adjusted&) const = default;
  };
  /// By unit of the old plan: its place in the new one; nothing where it is removed.
  std::vector<std::optional<UnitIndex>> moved;
  /// Units of the old plan that have to end: removed, or changed in what only a new run takes in.
  std::vector<UnitIndex> replaced;
  std::vector<Adjusted> adjusted;
  bool operator==(const Transition&) const = default;
};

Transition make_transition(const Plan& from, const Plan& to);

/// Whether only a new run of the unit takes in what differs: what its process was started with, its
/// conditions, the settings of a built-in step. Restart and stop policies, checks, order, log
/// format and on_failure count at once.
bool needs_new_run(const Unit& before, const Unit& after);

/// What a running init makes of a new configuration.
struct ReloadTarget {
  Plan plan;
  std::vector<std::string> later;  ///< What counts from the next start of the container only.
};

/// Keeps of the plan in force what can't change while the container runs: the http port, the
/// control socket, the names of secrets, and a job that has begun (or was never there).
ReloadTarget reload_target(const Plan& current, Plan next, bool job_began);

/// What a transition does, for people: "restarts service.a; adds service.b; removes service.c;
/// changes service.d while it runs". "nothing has changed" where it does nothing.
std::string say_transition(const Plan& from, const Plan& to, const Transition& transition);

}  // namespace bootsman
