#pragma once

#include "core/turn.h"

namespace bootsman {

// One unit's way through its phases (phases.h). Every function here works on the turn at hand.

// ---- unit_start.cpp

/// Looks at a waiting unit: puts it on the list of those that start when all of its `after` have
/// settled and all of its `requires` are ready, done or skipped; blocks it when one of these has
/// failed. A requirement that is skipped does not apply here, so nothing of it is missing: it
/// counts as satisfied. One in backoff may come back: the unit goes on waiting.
void look_at_waiting(Turn& turn, UnitIndex unit);
/// Starts a unit of that list, if it still waits: asks for its conditions first, if it has any.
void start_now(Turn& turn, UnitIndex unit);
/// Starts the unit's next run, whatever its kind, its conditions being known to hold.
void launch(Turn& turn, UnitIndex unit);
/// Starts the next run at the end of the turn: another fact of the same round may yet ask for the
/// stop of the container.
void launch_soon(Turn& turn, UnitIndex unit, std::string why);
/// Puts a built-in step on the queue of those that are due.
void queue_step(Turn& turn, UnitIndex unit);
/// Hands the queued built-in steps to a helper, unless one is at work.
void flush_step_queue(Turn& turn);
/// The helper is at the first of its steps that is not over: its time begins.
void time_step(Turn& turn);
/// When a run that is not ready is late: by the unit's `timeout`, from the start of this run, or of
/// a mount's first.
std::optional<MonoTime> overdue_at(const Turn& turn, UnitIndex unit, const Process& process);
/// The unit's program runs.
void begin_running(Turn& turn, UnitIndex unit, const Process& process);
void become_ready(Turn& turn, UnitIndex unit, const Process& process);

// ---- unit_end.cpp

void skip(Turn& turn, UnitIndex unit, std::string why, Severity said = Severity::Info);
/// Skips the unit if that was decided when the plan was made.
void skip_if_told(Turn& turn, UnitIndex unit);
void succeed(Turn& turn, UnitIndex unit, std::string why);
/// Fails the unit for good, and does what its on_failure says. `code` is what a shell would say.
void give_up(Turn& turn, UnitIndex unit, std::string why, std::optional<int> code);
void block(Turn& turn, UnitIndex unit, UnitIndex by);
/// The direct child of a run is gone. What is left of its group is stopped first, if the unit's
/// kill scope covers it; a step that succeeded may leave processes behind. `stopping` is the phase
/// when its end was ordered.
void end_run(Turn& turn, UnitIndex unit, const Process& process, const ProcessEnd& end,
             const phase::Stopping* stopping);
/// Nothing of the run is left: decides what follows.
void conclude(Turn& turn, UnitIndex unit, const RunEnd& end, Then then);
/// No process could be made, or no program executed for a reason that may pass.
void retry_later(Turn& turn, UnitIndex unit, const RunEnd& end);

// ---- unit_stop.cpp

/// Orders a run with a process to end.
void order_stop(Turn& turn, UnitIndex unit, const Process& process, Then then, std::string reason);
/// Sends the next of the unit's stop signals, and settles when the one behind it is due.
void send_stop_signal(Turn& turn, UnitIndex unit, phase::Stopping& stopping);
/// For the end of the container: what has not begun is stopped at once, built-in steps are
/// cancelled, processes go on.
void stop_before_start(Turn& turn, UnitIndex unit);
/// For the end of the container: orders whatever is live to end.
void stop_for_good(Turn& turn, UnitIndex unit);
/// The unit is ready again: restarts those that name it in `restart_on` and run.
void restart_dependants(Turn& turn, UnitIndex unit);
/// How long a process may take to end after its SIGKILL until a mount that does not answer is
/// killed for it: what hangs on that mount cannot end before.
inline constexpr Millis kBlamePatience{2'000};
/// SIGKILL for whatever is live.
void kill_now(Turn& turn, UnitIndex unit);

// ---- unit_events.cpp: every fact in every phase

void on_conditions_known(Turn& turn, const ConditionsKnown& fact);
void on_spawned(Turn& turn, const Spawned& fact);
void on_spawn_failed(Turn& turn, const SpawnFailed& fact);
void on_exec_succeeded(Turn& turn, const ExecSucceeded& fact);
void on_process_end(Turn& turn, const ProcessEnd& fact);
void on_group_emptied(Turn& turn, const GroupEmptied& fact);
void on_step_finished(Turn& turn, const StepFinished& fact);
void on_stop_command_ended(Turn& turn, const StopCommandEnded& fact);
void on_check_finished(Turn& turn, const CheckFinished& fact);
/// After a result or a word: says what has become of the unit's health, and restarts it where
/// that is asked for. `why` continues "unhealthy: ".
void on_health_known(Turn& turn, UnitIndex unit, phase::Ready& ready, Health before,
                     const std::string& why);
void on_notified(Turn& turn, const Notified& fact);
/// It has been silent for longer than its watchdog allows.
void on_silence(Turn& turn, UnitIndex unit, phase::Ready& ready, const std::string& why);
/// The unit's deadline has come.
void on_unit_deadline(Turn& turn, UnitIndex unit);
/// Puts off what the unit is blamed for when it is late, by a time in which nothing could run.
void forgive_pause(Turn& turn, UnitIndex unit, Micros pause);

}  // namespace bootsman
