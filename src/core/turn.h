#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/messages.h"
#include "core/state.h"

namespace bootsman {

/// One call of step() while it is at work: what it reads, what it changes, what it will return, and
/// the units that it has yet to look at. Nothing recurses through the graph: a change of one unit
/// only puts others on a list, which step() works off at its end.
class Turn {
 public:
  Turn(const Plan& the_plan, State& the_state, MonoTime time)
      : plan(the_plan), state(the_state), now(time) {}

  const Unit& spec(UnitIndex unit) const { return plan[unit]; }
  UnitRuntime& unit(UnitIndex unit) { return state.units[unit.value]; }

  /// Moves a unit to another phase: the only way to do so. Keeps all counters, `since` and the
  /// deadline true.
  void enter(UnitIndex unit, Phase phase, std::string why);
  /// To be called after a phase was changed without leaving it.
  void refresh_deadline(UnitIndex unit);

  /// Notes that the unit has been ready or has ended, once in a life: those that only waited for
  /// it are due.
  void settle(UnitIndex unit);
  /// Has the waiting dependants of a unit looked at again.
  void wake_dependants(UnitIndex unit);
  /// Has the waiting dependants that require this failed unit blocked.
  void doom_dependants(UnitIndex unit);

  /// Has the dependants that are blocked for want of this unit wait again, and those blocked for
  /// want of them: it is about to start.
  void unblock_dependants(UnitIndex unit);

  RunId next_run() { return RunId{++state.runs}; }
  /// True until a stop was asked for: only then does anything start.
  bool may_start() const { return !state.shutdown.has_value(); }

  void act(Action action) { actions.push_back(std::move(action)); }
  /// For those who look on; changes of a unit's state are told by enter().
  void tell(Happened::What what, std::optional<UnitIndex> about, std::string why);
  void say(Severity severity, std::optional<UnitIndex> unit, std::string text);
  void kill(UnitIndex unit, RunId run, Signal signal, KillScope scope);

  const Plan& plan;
  State& state;
  const MonoTime now;
  Actions actions;
  std::vector<UnitIndex> due;  ///< Waiting units whose time may have come.
  /// Waiting units, each with the failed one that it requires.
  std::vector<std::pair<UnitIndex, UnitIndex>> doomed;
  /// Units in Waiting or Backoff that start at the end of the turn, unless the stop of the
  /// container was asked for by then.
  std::vector<UnitIndex> starts;
  std::vector<UnitIndex> ended;  ///< Units that are not live any more.
};

inline constexpr Signal kSigKill{9};
inline constexpr Signal kSigTerm{15};

}  // namespace bootsman
