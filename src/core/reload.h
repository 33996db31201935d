#pragma once

#include "core/turn.h"

namespace bootsman {

// A reload: going over from one plan to another while the container runs.
//
//   Holding → (AdoptPlan; the shell calls adopt) → Adopting → (PlanAdopted) → Watching → over
//                                                             a unit does not get ready: Holding,
//                                                             back
//
// Holding: under the plan in force, what is replaced ends, dependants before what they need, and
// stays Held. Watching: under the other plan, what was held or is new starts as at the boot; the
// reload is over when it is ready. When one of these units is not ready in its time, all goes back
// the same way, once. What can't be ended (a process that even SIGKILL does not reach) ends the
// reload: the plan in force stays. The stop of the container ends a reload at any point.

/// How long a unit without a `timeout` of its own may take to get ready until the reload is taken
/// back.
inline constexpr Millis kReloadPatience{60'000};
/// The same for a step: it may fetch something.
inline constexpr Millis kReloadStepPatience{300'000};

/// How often a service may die before it has been ready until the reload is taken back at once.
inline constexpr std::uint32_t kReloadDeaths = 3;

/// Why no reload can begin now; empty when one can.
std::string reload_refusal(const State& state);
/// How long a unit without a ready check has to live until the reload takes it for one that works.
inline constexpr Millis kReloadProof{1'000};
/// What the ends of processes may take beyond all their stop timeouts.
inline constexpr Millis kReloadHoldMargin{10'000};

/// Begins a reload, or refuses it.
void on_reload_asked(Turn& turn, const ReloadAsked& fact);
/// The other plan is in force: starts what was held, and adjusts what runs.
void on_plan_adopted(Turn& turn);
/// Moves a reload on, as far as it goes. The last thing of a turn, since it may order AdoptPlan.
void advance_reload(Turn& turn);
/// The container stops: answers the reload that is under way.
void abandon_reload(Turn& turn);

/// Whether the reload under way stops or starts this unit, so that nobody else may.
bool is_reloading(const State& state, UnitIndex unit);
/// Whether this unit's failure takes the reload back, instead of what its on_failure says.
bool would_take_back(const State& state, UnitIndex unit);

std::optional<MonoTime> reload_deadline(const State& state);
/// Puts off what a watched unit is blamed for, by a time in which nothing could run.
void forgive_reload(State& state, Micros pause);

/// Puts the state of `from` into the places of `to`: carries AdoptPlan out. `from` is the plan in
/// force, `to` the other one of the reload, which is in force from here on.
void adopt(const Plan& from, const Plan& to, State& state, MonoTime now);

}  // namespace bootsman
