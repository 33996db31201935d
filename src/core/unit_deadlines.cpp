#include "base/format.h"
#include "base/text.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

constexpr Millis kGroupPatience{2'000};

bool is_due(const std::optional<MonoTime>& at, MonoTime now) {
  return at && *at <= now;
}

void start_check(Turn& turn, UnitIndex unit, RunId run, CheckKind kind, CheckTrack& track) {
  if (!is_due(check_deadline(track), turn.now)) return;
  begin_probe(track, turn.now);
  turn.act(StartCheck{unit, run, kind});
}

void on_starting(Turn& turn, UnitIndex unit, phase::Starting& starting) {
  if (!is_due(starting.complain_at, turn.now)) return;
  starting.complain_at = std::nullopt;
  std::string why =
      format("its program is not executed after {}: does {} hang?",
             say_duration(turn.now - starting.process.spawned_at),
             turn.spec(unit).launch.directory.empty() ? "its file system"
                                                      : turn.spec(unit).launch.directory);
  turn.say(Severity::Warning, unit, why);
  turn.unit(unit).why = std::move(why);
}

/// True when the run was ordered to stop.
bool on_overdue(Turn& turn, UnitIndex unit, phase::Running& running) {
  if (!is_due(running.overdue_at, turn.now)) return false;
  running.overdue_at = std::nullopt;
  const Micros ran = turn.now - running.process.spawned_at;
  const UnitKind kind = turn.spec(unit).kind;
  if (kind == UnitKind::Mount) {
    const auto* track = std::get_if<CheckTrack>(&running.ready_by);
    std::string why = format("not mounted within {}", say_duration(*turn.spec(unit).timeout));
    if (track != nullptr && !track->why.empty()) {
      why += ": " + track->why;
    } else if (const std::string& before = turn.unit(unit).last_end; !before.empty()) {
      why = before + "; " + why;  // This try did not get far enough to tell.
    }
    order_stop(turn, unit, Process(running.process), Then::Fail, std::move(why));
    return true;
  }
  if (kind == UnitKind::Step) {
    std::string why = format("not done after {}", say_duration(ran));
    turn.say(Severity::Warning, unit, why + "; stopping it");
    order_stop(turn, unit, Process(running.process), Then::Fail, std::move(why));
    return true;
  }
  std::string why = format("not ready after {}", say_duration(ran));
  const auto* track = std::get_if<CheckTrack>(&running.ready_by);
  if (track != nullptr && !track->why.empty()) why += ": " + track->why;
  turn.say(Severity::Warning, unit, why);
  turn.unit(unit).why = std::move(why);
  return false;
}

void on_running(Turn& turn, UnitIndex unit, phase::Running& running) {
  if (on_overdue(turn, unit, running)) return;
  std::visit(overloaded{
                 [](phase::UntilItsEnd&) {},
                 [&](phase::Settling& settling) {
                   if (settling.ready_at > turn.now) return;
                   become_ready(turn, unit, Process(running.process));
                 },
                 [](phase::UntilItsWord&) {},
                 [&](CheckTrack& track) {
                   start_check(turn, unit, running.process.run, CheckKind::Ready, track);
                 },
             },
             running.ready_by);
}

void on_ready(Turn& turn, UnitIndex unit, phase::Ready& ready) {
  if (!ready.health) return;
  const auto& plan = turn.spec(unit).health;
  const auto* watchdog = plan ? std::get_if<WatchdogProbe>(&plan->probe) : nullptr;
  if (watchdog == nullptr) {
    return start_check(turn, unit, ready.process.run, CheckKind::Health, *ready.health);
  }
  if (!is_due(check_deadline(*ready.health), turn.now)) return;
  on_silence(turn, unit, ready, format("no sign of life for {}", say_duration(watchdog->within)));
}

bool does_not_answer(const Phase& phase) {
  const auto* ready = std::get_if<phase::Ready>(&phase);
  if (ready != nullptr) return ready->health && ready->health->health == Health::Unhealthy;
  return std::holds_alternative<phase::Running>(phase) ||
         std::holds_alternative<phase::Stopping>(phase);
}

/// Not even SIGKILL ended the unit. A process that waits for a hung mount ends with that mount.
void blame_mounts(Turn& turn, UnitIndex unit) {
  if (turn.spec(unit).kind == UnitKind::Mount) return;
  for (std::uint32_t i = 0; i < turn.plan.units.size(); ++i) {
    const Phase& phase = turn.state.units[i].phase;
    if (turn.plan.units[i].kind != UnitKind::Mount || !does_not_answer(phase)) continue;
    turn.say(Severity::Warning, UnitIndex{i},
             format("does not answer, and {} has not ended {} after SIGKILL: killing the mount",
                    turn.spec(unit).id(), say_duration(kBlamePatience)));
    turn.kill(UnitIndex{i}, process_of(phase)->run, kSigKill, KillScope::Group);
  }
}

void on_next_signal(Turn& turn, UnitIndex unit, phase::Stopping& stopping) {
  const StopPolicy& policy = turn.spec(unit).stop;
  if (stopping.signals == 0) {
    turn.say(Severity::Info, unit,
             format("has not ended by its stop command: {}", signal_name(policy.signal)));
    turn.act(EndStopCommand{unit, stopping.process.run});
  }
  send_stop_signal(turn, unit, stopping);
}

void on_stopping(Turn& turn, UnitIndex unit, phase::Stopping& stopping) {
  const StopPolicy& policy = turn.spec(unit).stop;
  if (is_due(stopping.blame_at, turn.now)) {
    stopping.blame_at = std::nullopt;
    blame_mounts(turn, unit);
  }
  if (is_due(stopping.kill_at, turn.now)) {
    stopping.kill_at = stopping.next_at = std::nullopt;
    stopping.blame_at = turn.now + kBlamePatience;
    turn.say(Severity::Warning, unit,
             format("did not end within {} of {}: SIGKILL", say_duration(policy.timeout),
                    policy.command.empty() ? signal_name(policy.signal) : "its stop command"));
    turn.kill(unit, stopping.process.run, kSigKill, policy.kill);
  } else if (is_due(stopping.next_at, turn.now)) {
    on_next_signal(turn, unit, stopping);
  }
}

void on_cleaning(Turn& turn, UnitIndex unit, phase::Cleaning& cleaning) {
  if (is_due(cleaning.give_up_at, turn.now)) {
    turn.say(Severity::Warning, unit, "processes of its group have not ended by SIGKILL");
    blame_mounts(turn, unit);
    const phase::Cleaning over = cleaning;
    return conclude(turn, unit, over.end, over.then);
  }
  if (!is_due(cleaning.kill_at, turn.now)) return;
  cleaning.kill_at = std::nullopt;
  cleaning.give_up_at = turn.now + kGroupPatience;
  turn.kill(unit, cleaning.run, kSigKill, turn.spec(unit).stop.kill);
}

void on_applying(Turn& turn, UnitIndex unit, const phase::Applying& applying) {
  if (!is_due(applying.overdue_at, turn.now)) return;
  std::string why = "not done after " + say_duration(*turn.spec(unit).timeout);
  turn.say(Severity::Warning, unit, why + "; stopping it");
  // Steps leave nothing half done, wherever they are cut off.
  turn.kill(unit, applying.run, kSigKill, KillScope::Tree);
  turn.enter(unit, phase::Cancelling{applying.run, std::nullopt, true}, std::move(why));
}

void on_cancelling(Turn& turn, UnitIndex unit, phase::Cancelling& cancelling) {
  if (!is_due(cancelling.kill_at, turn.now)) return;
  cancelling.kill_at = std::nullopt;
  turn.kill(unit, cancelling.run, kSigKill, KillScope::Process);
}

}  // namespace

void on_unit_deadline(Turn& turn, UnitIndex unit) {
  std::visit(overloaded{
                 [&](phase::Starting& p) { on_starting(turn, unit, p); },
                 [&](phase::Running& p) { on_running(turn, unit, p); },
                 [&](phase::Ready& p) { on_ready(turn, unit, p); },
                 [&](phase::Stopping& p) { on_stopping(turn, unit, p); },
                 [&](phase::Cleaning& p) { on_cleaning(turn, unit, p); },
                 [&](phase::Applying p) { on_applying(turn, unit, p); },
                 [&](phase::Cancelling& p) { on_cancelling(turn, unit, p); },
                 [&](phase::Backoff p) {
                   if (is_due(p.retry_at, turn.now)) launch_soon(turn, unit, turn.unit(unit).why);
                 },
                 nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                            phase::Spawning, phase::Recalled, phase::Done, phase::Failed,
                            phase::Blocked, phase::Skipped, phase::Stopped>{},
             },
             turn.unit(unit).phase);
  turn.refresh_deadline(unit);
}

void forgive_pause(Turn& turn, UnitIndex unit, Micros pause) {
  std::visit(overloaded{
                 [&](phase::Starting& p) {
                   if (p.complain_at) *p.complain_at += pause;
                 },
                 [&](phase::Running& p) {
                   if (p.overdue_at) *p.overdue_at += pause;
                 },
                 [&](phase::Applying& p) {
                   if (p.overdue_at) *p.overdue_at += pause;
                 },
                 [&](phase::Ready& p) {
                   // Who could not run could not say that it lives.
                   const auto& plan = turn.spec(unit).health;
                   if (!p.health || !plan || !speaks_by_itself(plan->probe)) return;
                   if (auto* rest = std::get_if<CheckTrack::Resting>(&p.health->now))
                     rest->due += pause;
                 },
                 nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                            phase::Cancelling, phase::Spawning, phase::Recalled, phase::Stopping,
                            phase::Cleaning, phase::Backoff, phase::Done, phase::Failed,
                            phase::Blocked, phase::Skipped, phase::Stopped>{},
             },
             turn.unit(unit).phase);
  turn.refresh_deadline(unit);
}

}  // namespace bootsman
