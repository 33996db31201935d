#pragma once

#include <string>

#include "core/turn.h"

namespace bootsman {

// What people ask for while the container runs. At most one start, stop or restart of a unit is
// under way; it is kept with the unit until it is answered.

/// Takes a command in. Refused are all commands while the container stops, those on built-in steps,
/// and those that make no sense; the reply says why.
void on_command(Turn& turn, const CommandReceived& fact);

/// Answers the unit's command, if there is one.
void answer(Turn& turn, UnitIndex unit, bool ok, std::string text);
/// Answers the unit's command, if its phase is where the command leads, or nothing leads on from.
void answer_if_over(Turn& turn, UnitIndex unit);
/// The stop of the container has begun: starts and restarts will not be.
void refuse_starts(Turn& turn);
/// The init leaves: answers what is left.
void answer_at_the_end(Turn& turn);

/// Has the unit wait for its turn, as at the boot, and with it those who are blocked for its want.
/// Only when nothing of it is live.
void start_by_command(Turn& turn, UnitIndex unit);
/// Puts the unit, of which nothing is live, into Stopped: those who wait for it are blocked.
void stop_by_command(Turn& turn, UnitIndex unit, std::string why);

}  // namespace bootsman
