#include <algorithm>

#include "core/unit_machine.h"

// What a unit says of itself. Its word about readiness and health counts only where the plan asks
// for it; the rest is shown.

namespace bootsman {
namespace {

constexpr const char* kReloads = "it reads its own configuration again";
constexpr const char* kStops = "it says that it is stopping";

void hear_running(Turn& turn, UnitIndex unit, phase::Running& running, const Word& word) {
  if (word.extend && running.overdue_at) {
    running.overdue_at = std::max<MonoTime>(*running.overdue_at, turn.now + *word.extend);
    turn.refresh_deadline(unit);
  }
  if (!std::holds_alternative<phase::UntilItsWord>(running.ready_by)) return;
  if (word.ready) return become_ready(turn, unit, Process(running.process));
  if (!word.speechless) return;
  std::string why = "it closed its notification descriptor without a line: it can't get ready";
  turn.say(Severity::Warning, unit, why);
  turn.unit(unit).why = std::move(why);
}

void hear_life(Turn& turn, UnitIndex unit, phase::Ready& ready, const Word& word) {
  const auto& plan = turn.spec(unit).health;
  const auto* watchdog = plan ? std::get_if<WatchdogProbe>(&plan->probe) : nullptr;
  if (watchdog == nullptr || !ready.health) return;
  if (word.hung) return on_silence(turn, unit, ready, "it says itself that it hangs");
  if (!word.alive) return;
  const Health before = ready.health->health;
  note_alive(*ready.health, watchdog->within, turn.now);
  on_health_known(turn, unit, ready, before, "");
}

void hear_ready(Turn& turn, UnitIndex unit, phase::Ready& ready, const Word& word) {
  std::string& why = turn.unit(unit).why;
  if (word.reloading && !ready.reloading) {
    turn.say(Severity::Info, unit, kReloads);
    why = kReloads;
    ready.reloading = true;
  }
  if (word.ready && ready.reloading) {
    turn.say(Severity::Info, unit, "it has read its own configuration");
    if (why == kReloads) why.clear();
    ready.reloading = false;
  }
  if (word.stopping && why != kStops) {
    turn.say(Severity::Info, unit, kStops);
    why = kStops;
  }
  hear_life(turn, unit, ready, word);  // May be its end.
}

/// What it says in a phase in which its program runs.
void hear(Turn& turn, const Notified& fact) {
  const UnitIndex unit = fact.unit;
  if (fact.word.status) turn.unit(unit).says = *fact.word.status;
  auto& phase = turn.unit(unit).phase;
  if (auto* running = std::get_if<phase::Running>(&phase)) {
    hear_running(turn, unit, *running, fact.word);
  } else if (auto* ready = std::get_if<phase::Ready>(&phase)) {
    hear_ready(turn, unit, *ready, fact.word);
  }
}

}  // namespace

void on_silence(Turn& turn, UnitIndex unit, phase::Ready& ready, const std::string& why) {
  const Health before = ready.health->health;
  note_silence(*ready.health, turn.now);
  on_health_known(turn, unit, ready, before, why);
}

void on_notified(Turn& turn, const Notified& fact) {
  std::visit(overloaded{
                 [&](phase::Starting starting) {
                   if (starting.process.run != fact.run) return;
                   // Who speaks runs: the news of its exec is still on its way.
                   begin_running(turn, fact.unit, starting.process);
                   hear(turn, fact);
                 },
                 [&](phase::Running& running) {
                   if (running.process.run == fact.run) hear(turn, fact);
                 },
                 [&](phase::Ready& ready) {
                   if (ready.process.run == fact.run) hear(turn, fact);
                 },
                 [&](phase::Stopping& stopping) {
                   if (stopping.process.run == fact.run) hear(turn, fact);
                 },
                 nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                            phase::Applying, phase::Cancelling, phase::Spawning, phase::Recalled,
                            phase::Cleaning, phase::Backoff, phase::Done, phase::Failed,
                            phase::Blocked, phase::Skipped, phase::Stopped>{},
             },
             turn.unit(fact.unit).phase);
}

}  // namespace bootsman
