#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

/// A cut of a unit's stop timeout below this is not worth a line.
constexpr Millis kWorthSaying{500};

/// What drain and earlier waves have used up is missing for this unit: say so.
void announce_shortened(Turn& turn, UnitIndex unit) {
  const auto& shutdown = turn.state.shutdown;
  if (!shutdown) return;
  const Micros wanted = turn.spec(unit).stop.timeout;
  const Micros left = std::max(shutdown->kill_at - turn.now, Micros{0});
  const Micros whole = shutdown->kill_at - shutdown->requested_at;
  if (left + kWorthSaying >= std::min(wanted, whole)) return;
  turn.say(Severity::Warning, unit,
           format("has {} to stop instead of {}: shutdown.timeout is nearly used up",
                  say_duration(left), say_duration(wanted)));
}

}  // namespace

void send_stop_signal(Turn& turn, UnitIndex unit, phase::Stopping& stopping) {
  const StopPolicy& policy = turn.spec(unit).stop;
  const std::uint32_t number = stopping.signals++;
  stopping.next_at = std::nullopt;
  // A reload may have shortened the row meanwhile.
  if (number > policy.later.size()) return;
  turn.kill(unit, stopping.process.run,
            number == 0 ? policy.signal : policy.later[number - 1].signal, policy.kill);
  if (number < policy.later.size()) stopping.next_at = turn.now + policy.later[number].after;
}

void order_stop(Turn& turn, UnitIndex unit, const Process& process, Then then, std::string reason) {
  const StopPolicy& policy = turn.spec(unit).stop;
  const bool runs = !std::holds_alternative<phase::Starting>(turn.unit(unit).phase);
  phase::Stopping stopping{process, turn.now + policy.timeout, then, reason, 0};
  if (policy.command.empty() || !runs) {
    send_stop_signal(turn, unit, stopping);
  } else {
    Micros time = policy.timeout;
    if (const auto& shutdown = turn.state.shutdown)
      time = std::clamp(shutdown->kill_at - turn.now, Micros{0}, time);
    turn.act(RunStopCommand{unit, process.run});
    stopping.next_at = turn.now + time / 2;
  }
  turn.enter(unit, std::move(stopping), std::move(reason));
}

void restart_dependants(Turn& turn, UnitIndex unit) {
  if (!turn.may_start()) return;
  const std::string why = turn.spec(unit).id() + " is there again";
  for (const UnitIndex dependant : turn.plan.dependants[unit.value]) {
    const auto& named = turn.spec(dependant).restart_on;
    if (std::ranges::find(named, unit) == named.end()) continue;
    const Phase& phase = turn.unit(dependant).phase;
    const bool runs = std::holds_alternative<phase::Starting>(phase) ||
                      std::holds_alternative<phase::Running>(phase) ||
                      std::holds_alternative<phase::Ready>(phase);
    if (!runs) continue;
    turn.say(Severity::Info, dependant, why + ": restarting");
    order_stop(turn, dependant, *process_of(phase), Then::Anew, why);
  }
}

void stop_before_start(Turn& turn, UnitIndex unit) {
  const auto never = [&] { turn.enter(unit, phase::Stopped{}, "the container stops"); };
  std::visit(
      overloaded{
          [&](phase::Idle) { never(); },
          [&](phase::Waiting) { never(); },
          [&](phase::Held) { never(); },
          [&](phase::Asking) { never(); },
          [&](phase::Queued) { never(); },
          [&](phase::Backoff) {
            const std::string& end = turn.unit(unit).last_end;
            turn.enter(unit, phase::Stopped{}, end.empty() ? "the container stops" : end);
          },
          [&](phase::Applying applying) {
            const StopPolicy& policy = turn.spec(unit).stop;
            turn.kill(unit, applying.run, kSigTerm, KillScope::Process);
            turn.enter(unit, phase::Cancelling{applying.run, turn.now + policy.timeout},
                       "the container stops");
          },
          nothing_in<phase::Cancelling, phase::Spawning, phase::Recalled, phase::Starting,
                     phase::Running, phase::Ready, phase::Stopping, phase::Cleaning, phase::Done,
                     phase::Failed, phase::Blocked, phase::Skipped, phase::Stopped>{},
      },
      turn.unit(unit).phase);
}

void stop_for_good(Turn& turn, UnitIndex unit) {
  const auto stop = [&](const Process& process) {
    announce_shortened(turn, unit);
    order_stop(turn, unit, process, Then::Stay, "the container stops");
  };
  std::visit(
      overloaded{
          [&](phase::Spawning spawning) {
            turn.enter(unit, phase::Recalled{spawning.run, turn.spec(unit).stop.signal, Then::Stay},
                       "the container stops");
          },
          [&](phase::Starting starting) { stop(starting.process); },
          [&](phase::Running running) { stop(running.process); },
          [&](phase::Ready ready) { stop(ready.process); },
          nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                     phase::Applying, phase::Cancelling, phase::Recalled, phase::Stopping,
                     phase::Cleaning, phase::Backoff, phase::Done, phase::Failed, phase::Blocked,
                     phase::Skipped, phase::Stopped>{},
      },
      turn.unit(unit).phase);
}

void kill_now(Turn& turn, UnitIndex unit) {
  const KillScope scope = turn.spec(unit).stop.kill;
  const auto kill = [&](const Process& process) {
    turn.kill(unit, process.run, kSigKill, scope);
    turn.enter(unit, phase::Stopping{process, std::nullopt, Then::Stay, "the container stops"},
               "the container stops");
  };
  std::visit(overloaded{
                 [&](phase::Spawning spawning) {
                   turn.enter(unit, phase::Recalled{spawning.run, kSigKill, Then::Stay},
                              "the container stops");
                 },
                 [&](phase::Recalled& recalled) { recalled.signal = kSigKill; },
                 [&](phase::Starting starting) { kill(starting.process); },
                 [&](phase::Running running) { kill(running.process); },
                 [&](phase::Ready ready) { kill(ready.process); },
                 [&](phase::Stopping stopping) {
                   if (stopping.kill_at) kill(stopping.process);
                 },
                 [&](phase::Cleaning& cleaning) {
                   if (!cleaning.kill_at) return;
                   cleaning.kill_at = std::nullopt;
                   turn.kill(unit, cleaning.run, kSigKill, scope);
                 },
                 [&](phase::Cancelling& cancelling) {
                   if (!cancelling.kill_at) return;
                   cancelling.kill_at = std::nullopt;
                   turn.kill(unit, cancelling.run, kSigKill, KillScope::Process);
                 },
                 nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                            phase::Applying, phase::Backoff, phase::Done, phase::Failed,
                            phase::Blocked, phase::Skipped, phase::Stopped>{},
             },
             turn.unit(unit).phase);
  turn.refresh_deadline(unit);
}

}  // namespace bootsman
