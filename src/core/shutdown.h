#pragma once

#include <optional>
#include <string>

#include "core/turn.h"

namespace bootsman {

// The stop of the whole: drain, waves of units, the sweep, mounts, the end. One budget, measured
// from the request: `shutdown.timeout`, a tenth of which (100 ms to 1 s) is kept for what follows
// the SIGKILL for all.

/// Asks for the stop of the container; the first request counts. `code` is the exit code unless the
/// job has one, `cause` the unit whose end it is. What has not begun never will.
void begin_shutdown(Turn& turn, int code, std::string reason,
                    std::optional<UnitIndex> cause = std::nullopt);

/// SIGTERM, SIGINT and 37 ask for the stop; asked again they hurry: the second one ends the drain
/// and signals all units but the mounts at once, the third one kills. Other signals are passed on
/// to the running units whose `forward` has them.
void on_signal(Turn& turn, const SignalReceived& fact);

/// Orders the next wave when units have ended, and moves on from one phase of the stop to the next.
void advance_shutdown(Turn& turn);

void on_leftovers_counted(Turn& turn, const LeftoversCounted& fact);
/// Processes have died: while sweeping this is worth a count.
void recount_leftovers(Turn& turn);
/// Handles the deadlines of the stop.
void on_shutdown_deadline(Turn& turn);
std::optional<MonoTime> shutdown_deadline(const State& state);

}  // namespace bootsman
