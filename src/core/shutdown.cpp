#include "core/shutdown.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "core/commands.h"
#include "core/reload.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

constexpr Millis kCountEvery{100};
constexpr Signal kSigInt{2};
/// SIGRTMIN+3 as container runtimes send it: by the kernel's number.
constexpr Signal kSigHalt{37};

bool is_mount(const Turn& turn, UnitIndex unit) {
  return turn.spec(unit).kind == UnitKind::Mount;
}

bool mounts_too(const Turn& turn) {
  return std::holds_alternative<life::StoppingMounts>(turn.state.life);
}

/// Its process is gone, only its group is left.
bool job_left(Turn& turn, UnitIndex job) {
  return std::holds_alternative<phase::Cleaning>(turn.unit(job).phase);
}

void finish(Turn& turn) {
  State& state = turn.state;
  const Shutdown& shutdown = *state.shutdown;
  int code = state.job_code.value_or(shutdown.code);
  // A job that even SIGKILL has not ended in time counts as killed by it.
  const auto job = state.live > 0 ? turn.plan.job() : std::nullopt;
  if (job && turn.unit(*job).executed && is_live(turn.unit(*job).phase) && !job_left(turn, *job)) {
    code = ExitStatus::signaled(kSigKill.value).shell_code();
  }
  answer_at_the_end(turn);
  turn.act(Finish{code, shutdown.reason, shutdown.cause});
  state.life = life::Finished{code};
}

void sweep(Turn& turn, std::optional<Signal> signal) {
  turn.act(SweepLeftovers{signal});
}

void start_sweeping(Turn& turn) {
  const Shutdown& shutdown = *turn.state.shutdown;
  life::Sweeping sweeping{true, turn.now, std::nullopt, {}};
  if (!shutdown.killed) {
    // Mounts need their part of what is left, to write out what they hold.
    const Micros left = std::max(shutdown.kill_at - turn.now, Micros{0});
    sweeping.kill_at = turn.now + (turn.state.live > 0 ? left / 2 : left);
  }
  sweep(turn, shutdown.killed ? kSigKill : kSigTerm);
  turn.state.life = std::move(sweeping);
}

/// Stops a live unit whose dependants are all gone, if it is its turn. True when the unit itself
/// counts as gone now.
bool release(Turn& turn, UnitIndex unit) {
  UnitRuntime& runtime = turn.unit(unit);
  if (runtime.gone || runtime.holders > 0) return false;
  if (is_live(runtime.phase)) {
    if (mounts_too(turn) || !is_mount(turn, unit)) stop_for_good(turn, unit);
    return false;
  }
  runtime.gone = true;
  return true;
}

/// Lets go of what the unit needed, and of what that needed, as far as nothing is live.
void release_with_needs(Turn& turn, UnitIndex unit) {
  std::vector<UnitIndex> gone;
  if (release(turn, unit)) gone.push_back(unit);
  while (!gone.empty()) {
    const UnitIndex last = gone.back();
    gone.pop_back();
    for (const UnitIndex needed : turn.spec(last).after) {
      --turn.unit(needed).holders;
      if (release(turn, needed)) gone.push_back(needed);
    }
  }
}

void release_all(Turn& turn) {
  // A unit stands behind all it needs, so from the back the dependants come first.
  for (std::size_t i = turn.plan.units.size(); i-- > 0;) {
    release_with_needs(turn, UnitIndex{static_cast<std::uint32_t>(i)});
  }
}

void start_stopping(Turn& turn) {
  turn.state.life = life::StoppingUnits{};
  for (std::size_t i = 0; i < turn.plan.units.size(); ++i) {
    turn.state.units[i].holders = static_cast<std::uint32_t>(turn.plan.dependants[i].size());
  }
  release_all(turn);
}

void kill_all(Turn& turn) {
  Shutdown& shutdown = *turn.state.shutdown;
  const Micros margin = shutdown.finish_at - shutdown.kill_at;
  if (std::holds_alternative<life::Draining>(turn.state.life)) start_stopping(turn);
  shutdown.killed = true;
  // Late, after a pause: what was killed still gets the time to be gone.
  shutdown.finish_at = std::max(shutdown.finish_at, turn.now + margin);
  for (std::size_t i = 0; i < turn.plan.units.size(); ++i) {
    kill_now(turn, UnitIndex{static_cast<std::uint32_t>(i)});
  }
  if (auto* sweeping = std::get_if<life::Sweeping>(&turn.state.life)) {
    sweeping->counting = true;
    sweeping->kill_at = std::nullopt;
  }
  sweep(turn, kSigKill);
}

/// The units that are not ended, for a line: "service.a, service.b and 3 more".
std::string live_names(Turn& turn) {
  constexpr std::uint32_t kShown = 5;
  std::string names;
  std::uint32_t shown = 0;
  for (std::size_t i = 0; i < turn.plan.units.size() && shown < kShown; ++i) {
    if (!is_live(turn.state.units[i].phase)) continue;
    if (shown++ > 0) names += ", ";
    names += turn.plan.units[i].id();
  }
  if (turn.state.live > shown) names += format(" and {} more", turn.state.live - shown);
  return names;
}

void hurry(Turn& turn) {
  if (std::holds_alternative<life::Draining>(turn.state.life)) start_stopping(turn);
  for (std::size_t i = 0; i < turn.plan.units.size(); ++i) {
    const UnitIndex unit{static_cast<std::uint32_t>(i)};
    if (!is_mount(turn, unit)) stop_for_good(turn, unit);
  }
}

void kill_by_request(Turn& turn) {
  Shutdown& shutdown = *turn.state.shutdown;
  const Micros margin = shutdown.finish_at - shutdown.kill_at;
  shutdown.kill_at = std::min(shutdown.kill_at, turn.now);
  shutdown.finish_at = shutdown.kill_at + margin;
  kill_all(turn);
}

void on_stop_signal(Turn& turn, Signal signal) {
  if (!turn.state.shutdown) begin_shutdown(turn, 0, signal_name(signal));
  Shutdown& shutdown = *turn.state.shutdown;
  ++shutdown.signals;
  if (shutdown.signals == 2) {
    turn.say(Severity::Info, std::nullopt, signal_name(signal) + " again: hurrying");
    hurry(turn);
  } else if (shutdown.signals == 3 && !shutdown.killed) {
    turn.say(Severity::Warning, std::nullopt, signal_name(signal) + " again: killing all");
    kill_by_request(turn);
  }
}

/// Passes a signal on to the units that want it and whose program runs. False when there is none.
bool forward(Turn& turn, Signal signal) {
  bool wanted = false;
  for (std::uint32_t i = 0; i < turn.plan.units.size(); ++i) {
    const auto& signals = turn.plan.units[i].forward;
    if (std::ranges::find(signals, signal) == signals.end()) continue;
    const Phase& phase = turn.state.units[i].phase;
    const bool runs = std::holds_alternative<phase::Running>(phase) ||
                      std::holds_alternative<phase::Ready>(phase);
    if (!runs) continue;
    wanted = true;
    turn.say(Severity::Info, UnitIndex{i}, signal_name(signal) + " is passed on");
    turn.kill(UnitIndex{i}, process_of(phase)->run, signal, KillScope::Process);
  }
  return wanted;
}

void after_sweep(Turn& turn) {
  if (turn.state.live == 0) return finish(turn);
  turn.state.life = life::StoppingMounts{};
  release_all(turn);
}

void on_sweep_deadline(Turn& turn, life::Sweeping& sweeping) {
  const bool kill = sweeping.kill_at && *sweeping.kill_at <= turn.now;
  if (kill) {
    sweeping.kill_at = std::nullopt;
    if (!sweeping.names.empty()) {
      turn.say(Severity::Warning, std::nullopt, "still there: " + sweeping.names + ": SIGKILL");
    }
  } else if (sweeping.counting || sweeping.count_at > turn.now) {
    return;
  }
  sweeping.counting = true;
  sweep(turn, sweeping.kill_at ? std::nullopt : std::optional(kSigKill));
}

}  // namespace

void begin_shutdown(Turn& turn, int code, std::string reason, std::optional<UnitIndex> cause) {
  State& state = turn.state;
  if (state.shutdown) return;
  const ShutdownPlan& policy = turn.plan.shutdown;
  const Micros margin = std::clamp<Micros>(Micros{policy.timeout} / 10, Millis{100}, Millis{1'000});
  turn.say(Severity::Info, std::nullopt, "stopping: " + reason);
  turn.tell(Happened::What::Stopping, cause, reason);
  Shutdown shutdown;
  shutdown.requested_at = turn.now;
  shutdown.kill_at = turn.now + std::max<Micros>(policy.timeout - margin, Micros{0});
  shutdown.finish_at = shutdown.kill_at + margin;
  shutdown.code = code;
  shutdown.reason = std::move(reason);
  shutdown.cause = cause;
  state.shutdown = std::move(shutdown);
  state.step_queue.clear();
  refuse_starts(turn);
  abandon_reload(turn);
  for (std::size_t i = 0; i < turn.plan.units.size(); ++i) {
    stop_before_start(turn, UnitIndex{static_cast<std::uint32_t>(i)});
  }
  state.life = life::Draining{turn.now + policy.drain};
}

void on_signal(Turn& turn, const SignalReceived& fact) {
  if (fact.signal == kSigTerm || fact.signal == kSigInt || fact.signal == kSigHalt) {
    return on_stop_signal(turn, fact.signal);
  }
  if (!forward(turn, fact.signal)) {
    turn.say(Severity::Debug, std::nullopt, "ignored " + signal_name(fact.signal));
  }
}

void advance_shutdown(Turn& turn) {
  State& state = turn.state;
  if (const auto* draining = std::get_if<life::Draining>(&state.life)) {
    if (draining->until <= turn.now || state.live == 0) start_stopping(turn);
  }
  const bool stopping = std::holds_alternative<life::StoppingUnits>(state.life) ||
                        std::holds_alternative<life::Sweeping>(state.life) || mounts_too(turn);
  if (stopping) {
    for (std::size_t i = 0; i < turn.ended.size(); ++i) release_with_needs(turn, turn.ended[i]);
  }
  turn.ended.clear();
  // What is live and not stopping now is a mount, or is needed by one.
  if (std::holds_alternative<life::StoppingUnits>(state.life) && state.stopping == 0) {
    start_sweeping(turn);
  }
  if (mounts_too(turn) && state.live == 0) finish(turn);
}

void on_leftovers_counted(Turn& turn, const LeftoversCounted& fact) {
  auto* sweeping = std::get_if<life::Sweeping>(&turn.state.life);
  if (sweeping == nullptr || !sweeping->counting) return;
  if (fact.count == 0) return after_sweep(turn);
  if (sweeping->names.empty()) {
    turn.say(Severity::Info, std::nullopt, "waiting for what no unit owns: " + fact.names);
  }
  sweeping->names = fact.names;
  sweeping->counting = false;
  sweeping->count_at = turn.now + kCountEvery;
}

void recount_leftovers(Turn& turn) {
  auto* sweeping = std::get_if<life::Sweeping>(&turn.state.life);
  if (sweeping == nullptr || sweeping->counting) return;
  sweeping->counting = true;
  sweep(turn, sweeping->kill_at ? std::nullopt : std::optional(kSigKill));
}

void on_shutdown_deadline(Turn& turn) {
  State& state = turn.state;
  if (!state.shutdown || std::holds_alternative<life::Finished>(state.life)) return;
  const Shutdown& shutdown = *state.shutdown;
  if (!shutdown.killed && shutdown.kill_at <= turn.now) {
    if (state.live > 0) {
      turn.say(Severity::Warning, std::nullopt,
               format("the time to stop is over: SIGKILL for {}", live_names(turn)));
    }
    return kill_all(turn);
  }
  if (shutdown.killed && shutdown.finish_at <= turn.now) {
    if (state.live > 0) {
      turn.say(Severity::Error, std::nullopt,
               "leaving although these have not ended: " + live_names(turn));
    }
    return finish(turn);
  }
  if (auto* sweeping = std::get_if<life::Sweeping>(&state.life)) on_sweep_deadline(turn, *sweeping);
}

std::optional<MonoTime> shutdown_deadline(const State& state) {
  if (!state.shutdown || std::holds_alternative<life::Finished>(state.life)) return std::nullopt;
  const Shutdown& shutdown = *state.shutdown;
  MonoTime at = shutdown.killed ? shutdown.finish_at : shutdown.kill_at;
  if (const auto* draining = std::get_if<life::Draining>(&state.life)) {
    at = std::min(at, draining->until);
  }
  if (const auto* sweeping = std::get_if<life::Sweeping>(&state.life)) {
    if (sweeping->kill_at) at = std::min(at, *sweeping->kill_at);
    if (!sweeping->counting) at = std::min(at, sweeping->count_at);
  }
  return at;
}

}  // namespace bootsman
