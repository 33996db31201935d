#include "core/commands.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "core/reload.h"
#include "core/shutdown.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

using Kind = PendingCommand::Kind;
constexpr int kLastSignal = 64;

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::Start:
      return "start";
    case Kind::Stop:
      return "stop";
    case Kind::Restart:
      return "restart";
  }
  return "command";
}

void reply(Turn& turn, CommandId id, bool ok, std::string text) {
  turn.act(Reply{id, ok, std::move(text)});
}

/// "service.a is ready", "service.a failed: exited 1 after 0.4 s".
std::string how_it_is(const Turn& turn, UnitIndex unit) {
  const UnitRuntime& runtime = turn.state.units[unit.value];
  const std::string_view state = to_text(unit_state(runtime.phase));
  std::string text = format("{} {}{}", turn.spec(unit).id(),
                            unit_state(runtime.phase) == UnitState::Failed ? "" : "is ", state);
  const bool tells = unit_state(runtime.phase) != UnitState::Ready && !runtime.why.empty();
  return tells ? text + ": " + runtime.why : text;
}

/// "; service.b and 2 more require it and go on without it", or nothing.
std::string who_goes_on(const Turn& turn, UnitIndex unit) {
  std::string first;
  std::uint32_t more = 0;
  for (const UnitIndex dependant : turn.plan.dependants[unit.value]) {
    const auto& required = turn.spec(dependant).requires_;
    if (std::ranges::find(required, unit) == required.end()) continue;
    if (!is_live(turn.state.units[dependant.value].phase)) continue;
    if (first.empty()) {
      first = turn.spec(dependant).id();
    } else {
      ++more;
    }
  }
  if (first.empty()) return {};
  if (more == 0) return format("; {} requires it and goes on without it", first);
  return format("; {} and {} more require it and go on without it", first, more);
}

/// Notes the command as the one under way: the later one wins.
void accept(Turn& turn, UnitIndex unit, CommandId id, Kind kind) {
  answer(turn, unit, false, format("{}: overtaken by {}", turn.spec(unit).id(), word_of(kind)));
  turn.unit(unit).command = PendingCommand{id, kind};
  turn.unit(unit).restart = {};
}

/// Why no command at all can be obeyed now; empty when it can.
std::string refusal(const Turn& turn, UnitIndex unit) {
  if (unit.value >= turn.plan.units.size()) return "there is no such unit";
  if (turn.state.shutdown) return "the container stops";
  if (!turn.state.booted_at) return "the boot has not begun";
  if (is_reloading(turn.state, unit)) return "a reload is changing " + turn.spec(unit).id();
  const Unit& spec = turn.spec(unit);
  if (spec.builtin) return spec.id() + " is a built-in step: it runs at boot only";
  return {};
}

// ---- start and restart

/// Why the unit can't be started at all; empty when it can.
std::string start_refusal(const Turn& turn, UnitIndex unit) {
  const Unit& spec = turn.spec(unit);
  const std::string& skipped = spec.conditions.skip_reason;
  return skipped.empty() ? "" : format("{} is skipped: {}", spec.id(), skipped);
}

void start_unit(Turn& turn, UnitIndex unit) {
  const auto anew = [&] { start_by_command(turn, unit); };
  std::visit(overloaded{
                 [&](const phase::Ready&) { answer_if_over(turn, unit); },
                 [&](phase::Recalled& p) { p.then = Then::Anew; },
                 [&](phase::Stopping& p) { p.then = Then::Anew; },
                 [&](phase::Cleaning& p) { p.then = Then::Anew; },
                 [&](phase::Backoff) { launch_soon(turn, unit, turn.unit(unit).why); },
                 [&](phase::Done) { anew(); },
                 [&](phase::Failed) { anew(); },
                 [&](phase::Blocked) { anew(); },
                 [&](phase::Skipped) { anew(); },
                 [&](phase::Stopped) { anew(); },
                 // It is on its way; built-in steps were refused.
                 nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                            phase::Applying, phase::Cancelling, phase::Spawning, phase::Starting,
                            phase::Running>{},
             },
             turn.unit(unit).phase);
}

/// Orders the process of the unit to end. False when it has none that was not ordered to yet.
bool order_end(Turn& turn, UnitIndex unit, Then then, const std::string& why) {
  const auto stop = [&](const Process& process) {
    order_stop(turn, unit, process, then, why);
    return true;
  };
  const Phase& phase = turn.unit(unit).phase;
  if (const auto* p = std::get_if<phase::Starting>(&phase)) return stop(Process(p->process));
  if (const auto* p = std::get_if<phase::Running>(&phase)) return stop(Process(p->process));
  if (const auto* p = std::get_if<phase::Ready>(&phase)) return stop(Process(p->process));
  if (const auto* p = std::get_if<phase::Spawning>(&phase)) {
    turn.enter(unit, phase::Recalled{p->run, turn.spec(unit).stop.signal, then}, why);
    return true;
  }
  return false;
}

void restart_unit(Turn& turn, UnitIndex unit) {
  if (!order_end(turn, unit, Then::Anew, "restart by command")) start_unit(turn, unit);
}

// ---- stop

void stop_unit(Turn& turn, UnitIndex unit) {
  const std::string why = "by command";
  const auto stay = [&](Then& then) {
    then = Then::Stay;
    turn.unit(unit).why = why;
  };
  if (order_end(turn, unit, Then::Stay, why)) return;
  std::visit(
      overloaded{
          [&](phase::Recalled& p) { stay(p.then); },
          [&](phase::Stopping& p) { stay(p.then); },
          [&](phase::Cleaning& p) { stay(p.then); },
          [&](phase::Waiting) { stop_by_command(turn, unit, why); },
          [&](phase::Asking) { stop_by_command(turn, unit, why); },
          [&](phase::Backoff) { stop_by_command(turn, unit, why); },
          [&](phase::Failed) { stop_by_command(turn, unit, why); },
          [&](phase::Blocked) { stop_by_command(turn, unit, why); },
          // Nothing of it runs, and nothing would start it.
          [&](phase::Done) { answer_if_over(turn, unit); },
          [&](phase::Skipped) { answer_if_over(turn, unit); },
          [&](phase::Stopped) { answer_if_over(turn, unit); },
          nothing_in<phase::Held, phase::Idle, phase::Queued, phase::Applying, phase::Cancelling,
                     phase::Spawning, phase::Starting, phase::Running, phase::Ready>{},
      },
      turn.unit(unit).phase);
}

// ---- the commands

void take_start(Turn& turn, CommandId id, UnitIndex unit, Kind kind) {
  std::string no = refusal(turn, unit);
  if (no.empty()) no = start_refusal(turn, unit);
  if (!no.empty()) return reply(turn, id, false, std::move(no));
  turn.say(Severity::Info, unit, format("{} by command", word_of(kind)));
  accept(turn, unit, id, kind);
  kind == Kind::Start ? start_unit(turn, unit) : restart_unit(turn, unit);
}

void take_stop(Turn& turn, CommandId id, UnitIndex unit) {
  if (std::string no = refusal(turn, unit); !no.empty()) {
    return reply(turn, id, false, std::move(no));
  }
  if (turn.spec(unit).kind == UnitKind::Job) {
    reply(turn, id, true, "the job's end ends the container: the container stops");
    return begin_shutdown(turn, 0, "stop of the job by command");
  }
  turn.say(Severity::Info, unit, "stop by command" + who_goes_on(turn, unit));
  accept(turn, unit, id, Kind::Stop);
  stop_unit(turn, unit);
}

void take_signal(Turn& turn, CommandId id, const SignalUnit& what) {
  if (std::string no = refusal(turn, what.unit); !no.empty()) {
    return reply(turn, id, false, std::move(no));
  }
  const std::string name = turn.spec(what.unit).id();
  if (what.signal.value < 1 || what.signal.value > kLastSignal) {
    return reply(turn, id, false, format("there is no signal {}", what.signal.value));
  }
  const auto process = process_of(turn.unit(what.unit).phase);
  if (!process) return reply(turn, id, false, name + " has no process");
  turn.kill(what.unit, process->run, what.signal, KillScope::Process);
  turn.say(Severity::Info, what.unit, signal_name(what.signal) + " by command");
  reply(turn, id, true,
        format("{} was sent to {} (pid {})", signal_name(what.signal), name, process->pid.value));
}

void take_stop_init(Turn& turn, CommandId id, const StopInit& what) {
  if (turn.state.shutdown) {
    return reply(turn, id, !what.exit_code,
                 what.exit_code ? "the container stops already, and its exit code stays"
                                : "the container stops already");
  }
  reply(turn, id, true, "the container stops");
  begin_shutdown(turn, what.exit_code.value_or(0), "shutdown by command");
}

}  // namespace

void on_command(Turn& turn, const CommandReceived& fact) {
  std::visit(
      overloaded{
          [&](const StartUnit& what) { take_start(turn, fact.id, what.unit, Kind::Start); },
          [&](const RestartUnit& what) { take_start(turn, fact.id, what.unit, Kind::Restart); },
          [&](const StopUnit& what) { take_stop(turn, fact.id, what.unit); },
          [&](const SignalUnit& what) { take_signal(turn, fact.id, what); },
          [&](const StopInit& what) { take_stop_init(turn, fact.id, what); },
      },
      fact.what);
}

void answer(Turn& turn, UnitIndex unit, bool ok, std::string text) {
  auto& command = turn.unit(unit).command;
  if (!command) return;
  reply(turn, command->id, ok, std::move(text));
  command.reset();
}

void answer_if_over(Turn& turn, UnitIndex unit) {
  const UnitRuntime& runtime = turn.unit(unit);
  if (!runtime.command) return;
  const UnitState state = unit_state(runtime.phase);
  if (!is_final(runtime.phase) && state != UnitState::Ready) return;
  const bool stop = runtime.command->kind == Kind::Stop;
  const bool ok = stop || state == UnitState::Ready || state == UnitState::Done;
  answer(turn, unit, ok, how_it_is(turn, unit) + (stop ? who_goes_on(turn, unit) : ""));
}

void refuse_starts(Turn& turn) {
  for (std::uint32_t i = 0; i < turn.plan.units.size(); ++i) {
    const auto& command = turn.state.units[i].command;
    if (!command || command->kind == Kind::Stop) continue;
    answer(turn, UnitIndex{i}, false, "the container stops: " + turn.state.shutdown->reason);
  }
}

void answer_at_the_end(Turn& turn) {
  for (std::uint32_t i = 0; i < turn.plan.units.size(); ++i) {
    answer(turn, UnitIndex{i}, false,
           turn.plan.units[i].id() + " had not ended when the container did");
  }
}

void start_by_command(Turn& turn, UnitIndex unit) {
  turn.unit(unit).first_run_at.reset();
  turn.enter(unit, phase::Waiting{}, "");
  turn.due.push_back(unit);
  turn.unblock_dependants(unit);
}

void stop_by_command(Turn& turn, UnitIndex unit, std::string why) {
  turn.enter(unit, phase::Stopped{}, std::move(why));
  turn.settle(unit);
  turn.doom_dependants(unit);
}

}  // namespace bootsman
