#include "base/format.h"
#include "base/text.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

/// How long a child may take to execute its program until that is worth a line.
constexpr Millis kExecPatience{10'000};

void begin_starting(Turn& turn, UnitIndex unit, const Spawned& fact) {
  const auto& timeout = turn.spec(unit).timeout;
  const MonoTime complain_at =
      turn.now + (timeout ? std::min(*timeout, kExecPatience) : kExecPatience);
  turn.enter(unit, phase::Starting{{fact.run, fact.pid, turn.now}, complain_at},
             turn.unit(unit).last_end);
}

void end_recalled(Turn& turn, const Spawned& fact, phase::Recalled recalled) {
  const UnitIndex unit = fact.unit;
  const Signal signal = recalled.signal;
  const StopPolicy& policy = turn.spec(unit).stop;
  turn.kill(unit, fact.run, signal, policy.kill);
  const auto kill_at =
      signal == kSigKill ? std::nullopt : std::optional<MonoTime>(turn.now + policy.timeout);
  const std::string why = turn.unit(unit).why;
  phase::Stopping stopping{{fact.run, fact.pid, turn.now}, kill_at, recalled.then, why};
  if (kill_at && !policy.later.empty()) stopping.next_at = turn.now + policy.later.front().after;
  turn.enter(unit, std::move(stopping), why);
}

void fail_step(Turn& turn, UnitIndex unit, std::string why) {
  RunEnd end;
  end.executed = true;
  end.began = turn.unit(unit).since;
  end.text = std::move(why);
  conclude(turn, unit, end, Then::Decide);
}

void finish_step(Turn& turn, UnitIndex unit, const StepFinished& fact) {
  --turn.state.applying;
  switch (fact.result) {
    case StepResult::Changed:
    case StepResult::Unchanged:
      return succeed(turn, unit, fact.why);
    case StepResult::Skipped:
      return skip(turn, unit, fact.why);
    case StepResult::Unused:
      return skip(turn, unit, fact.why, Severity::Debug);
    case StepResult::Failed:
      return fail_step(turn, unit, fact.why);
    case StepResult::NotBegun:
      return queue_step(turn, unit);
  }
}

void cancel_step(Turn& turn, UnitIndex unit, const StepFinished& fact, bool late) {
  --turn.state.applying;
  switch (fact.result) {
    case StepResult::Changed:
    case StepResult::Unchanged:
      return succeed(turn, unit, fact.why);
    case StepResult::Skipped:
      return skip(turn, unit, fact.why);
    case StepResult::Unused:
      return skip(turn, unit, fact.why, Severity::Debug);
    case StepResult::Failed:
    case StepResult::NotBegun:
      if (late) return fail_step(turn, unit, turn.unit(unit).why);
      turn.enter(unit, phase::Stopped{}, fact.why);
  }
}

void on_ready_result(Turn& turn, UnitIndex unit, phase::Running& running,
                     const CheckFinished& fact) {
  const auto& plan = turn.spec(unit).ready;
  auto* track = std::get_if<CheckTrack>(&running.ready_by);
  if (track == nullptr || !plan) return;
  if (!note_result(*track, *plan, fact.ok, fact.why, turn.now)) {
    return turn.refresh_deadline(unit);
  }
  if (fact.ok) return become_ready(turn, unit, Process(running.process));
  if (running.overdue_at) turn.unit(unit).why = fact.why;
  turn.refresh_deadline(unit);
}

void on_health_result(Turn& turn, UnitIndex unit, phase::Ready& ready, const CheckFinished& fact) {
  const auto& plan = turn.spec(unit).health;
  if (!ready.health || !plan) return;
  const Health before = ready.health->health;
  if (!note_result(*ready.health, *plan, fact.ok, fact.why, turn.now)) {
    return turn.refresh_deadline(unit);
  }
  const auto failures = ready.health->failures;
  on_health_known(turn, unit, ready, before,
                  failures == 1 ? fact.why : format("{}, {} times in a row", fact.why, failures));
}

}  // namespace

void on_health_known(Turn& turn, UnitIndex unit, phase::Ready& ready, Health before,
                     const std::string& why) {
  turn.refresh_deadline(unit);
  const Health health = ready.health->health;
  if (health == before) return;
  if (health != Health::Unhealthy) {
    if (before != Health::Unhealthy) return;
    turn.say(Severity::Info, unit, "healthy again");
    turn.tell(Happened::What::Healthy, unit, "");
    turn.unit(unit).why.clear();
    return;
  }
  const bool restart =
      turn.spec(unit).health->on_unhealthy == OnUnhealthy::Restart && turn.may_start();
  const std::string text = "unhealthy: " + why;
  turn.say(Severity::Warning, unit, restart ? text + "; stopping it to restart" : text);
  turn.tell(Happened::What::Unhealthy, unit, text);
  turn.unit(unit).why = text;
  if (restart) order_stop(turn, unit, Process(ready.process), Then::Restart, text);
}

void on_conditions_known(Turn& turn, const ConditionsKnown& fact) {
  std::visit(
      overloaded{
          [&](phase::Asking asking) {
            if (asking.run != fact.run) return;
            if (fact.holds) {
              launch(turn, fact.unit);
            } else {
              skip(turn, fact.unit, fact.why);
            }
          },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Queued, phase::Applying,
                     phase::Cancelling, phase::Spawning, phase::Recalled, phase::Starting,
                     phase::Running, phase::Ready, phase::Stopping, phase::Cleaning, phase::Backoff,
                     phase::Done, phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
}

void on_spawned(Turn& turn, const Spawned& fact) {
  std::visit(
      overloaded{
          [&](phase::Spawning spawning) {
            if (spawning.run == fact.run) begin_starting(turn, fact.unit, fact);
          },
          [&](phase::Recalled recalled) {
            if (recalled.run == fact.run) end_recalled(turn, fact, recalled);
          },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Applying, phase::Cancelling, phase::Starting, phase::Running,
                     phase::Ready, phase::Stopping, phase::Cleaning, phase::Backoff, phase::Done,
                     phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
}

void on_spawn_failed(Turn& turn, const SpawnFailed& fact) {
  RunEnd end;
  end.began = turn.now;
  end.text = fact.what;
  end.code = 126;
  std::visit(
      overloaded{
          [&](phase::Spawning spawning) {
            if (spawning.run == fact.run) conclude(turn, fact.unit, end, Then::Decide);
          },
          [&](phase::Recalled recalled) {
            if (recalled.run == fact.run) conclude(turn, fact.unit, end, recalled.then);
          },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Applying, phase::Cancelling, phase::Starting, phase::Running,
                     phase::Ready, phase::Stopping, phase::Cleaning, phase::Backoff, phase::Done,
                     phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
}

void on_exec_succeeded(Turn& turn, const ExecSucceeded& fact) {
  std::visit(
      overloaded{
          [&](phase::Starting starting) {
            if (starting.process.run == fact.run) begin_running(turn, fact.unit, starting.process);
          },
          [&](phase::Stopping& stopping) {
            if (stopping.process.run == fact.run) turn.unit(fact.unit).executed = true;
          },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Applying, phase::Cancelling, phase::Spawning, phase::Recalled,
                     phase::Running, phase::Ready, phase::Cleaning, phase::Backoff, phase::Done,
                     phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
}

void on_process_end(Turn& turn, const ProcessEnd& fact) {
  const auto end_of = [&](const Process& process, const phase::Stopping* stopping) {
    if (process.run == fact.run) end_run(turn, fact.unit, process, fact, stopping);
  };
  std::visit(
      overloaded{
          // Spawned comes before any other fact of a run. Should it be lost, the end still counts.
          [&](phase::Spawning p) {
            end_of(Process{p.run, Pid{}, turn.now}, nullptr);
          },
          [&](phase::Recalled p) {
            const Process process{p.run, Pid{}, turn.now};
            const phase::Stopping stopping{process, turn.now, p.then, ""};
            end_of(process, &stopping);
          },
          [&](phase::Starting p) { end_of(p.process, nullptr); },
          [&](phase::Running p) { end_of(p.process, nullptr); },
          [&](phase::Ready p) { end_of(p.process, nullptr); },
          [&](phase::Stopping p) { end_of(p.process, &p); },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Applying, phase::Cancelling, phase::Cleaning, phase::Backoff,
                     phase::Done, phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
}

void on_group_emptied(Turn& turn, const GroupEmptied& fact) {
  std::visit(
      overloaded{
          [&](phase::Cleaning cleaning) {
            if (cleaning.run == fact.run) conclude(turn, fact.unit, cleaning.end, cleaning.then);
          },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Applying, phase::Cancelling, phase::Spawning, phase::Recalled,
                     phase::Starting, phase::Running, phase::Ready, phase::Stopping, phase::Backoff,
                     phase::Done, phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
}

void on_step_finished(Turn& turn, const StepFinished& fact) {
  std::visit(
      overloaded{
          [&](phase::Applying applying) {
            if (applying.run == fact.run) finish_step(turn, fact.unit, fact);
          },
          [&](phase::Cancelling cancelling) {
            if (cancelling.run == fact.run) cancel_step(turn, fact.unit, fact, cancelling.late);
          },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Spawning, phase::Recalled, phase::Starting, phase::Running,
                     phase::Ready, phase::Stopping, phase::Cleaning, phase::Backoff, phase::Done,
                     phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
  time_step(turn);
}

void on_stop_command_ended(Turn& turn, const StopCommandEnded& fact) {
  auto* stopping = std::get_if<phase::Stopping>(&turn.unit(fact.unit).phase);
  const bool awaited = stopping != nullptr && stopping->process.run == fact.run &&
                       stopping->signals == 0 && stopping->kill_at;
  if (!awaited || fact.ok) return;
  turn.say(Severity::Warning, fact.unit,
           format("its stop command failed: {}; {} instead", fact.why,
                  signal_name(turn.spec(fact.unit).stop.signal)));
  send_stop_signal(turn, fact.unit, *stopping);
  turn.refresh_deadline(fact.unit);
}

void on_check_finished(Turn& turn, const CheckFinished& fact) {
  std::visit(
      overloaded{
          [&](phase::Running& running) {
            if (running.process.run != fact.run || fact.kind != CheckKind::Ready) return;
            on_ready_result(turn, fact.unit, running, fact);
          },
          [&](phase::Ready& ready) {
            if (ready.process.run != fact.run || fact.kind != CheckKind::Health) return;
            on_health_result(turn, fact.unit, ready, fact);
          },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Applying, phase::Cancelling, phase::Spawning, phase::Recalled,
                     phase::Starting, phase::Stopping, phase::Cleaning, phase::Backoff, phase::Done,
                     phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(fact.unit).phase);
}

}  // namespace bootsman
