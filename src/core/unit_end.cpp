#include <algorithm>
#include <array>
#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "core/commands.h"
#include "core/reload.h"
#include "core/shutdown.h"
#include "core/unit_machine.h"

namespace bootsman {
namespace {

/// The shortest wait after a failure to make a process, whatever the policy says: what is missing
/// (memory, process numbers, descriptors) does not come back within microseconds.
constexpr Micros kShortestRetry = Millis{100};
/// How often units that are not meant to be restarted are tried when no process can be made.
constexpr std::uint32_t kTries = 5;
/// How long after its SIGKILL a group may linger (in the kernel, or unreaped) before the unit goes
/// on without waiting for it.
constexpr Millis kGroupPatience{2'000};

bool may_pass(int error) {
  constexpr std::array kPassing{EAGAIN, ENOMEM, ETXTBSY, EIO, ESTALE, ENFILE, EMFILE, EINTR};
  return std::ranges::find(kPassing, error) != kPassing.end();
}

RunEnd read_end(const Turn& turn, UnitIndex unit, const Process& process, const ProcessEnd& end) {
  const Unit& spec = turn.spec(unit);
  RunEnd read;
  read.began = process.spawned_at;
  if (const auto* failure = std::get_if<ExecFailure>(&end.how)) {
    read.hopeless = !may_pass(failure->error);
    read.code = failure->shell_code();
    read.text = failure->what;
    return read;
  }
  const auto& status = std::get<ExitStatus>(end.how);
  read.executed = true;
  read.code = status.shell_code();
  read.success = spec.kind != UnitKind::Mount &&
                 std::ranges::find(spec.success_codes, read.code) != spec.success_codes.end();
  read.text = format("{} after {}", describe(status), say_duration(turn.now - process.spawned_at));
  if (!end.said.empty()) read.text = end.said;
  read.hopeless = end.hopeless;
  if (!end.note.empty()) read.text += ", " + end.note;
  if (end.out_of_memory && spec.kind != UnitKind::Job) read.code = kOutOfMemoryCode;
  return read;
}

/// The code that ends the container because a unit failed: never 0, which would say that all went
/// well.
int failure_code(std::optional<int> code) {
  return code.value_or(0) == 0 ? 1 : *code;
}

void end_with_job(Turn& turn, UnitIndex job, int code, const std::string& how) {
  if (!turn.state.job_code) turn.state.job_code = code;
  begin_shutdown(turn, code, format("{}: {}", turn.spec(job).id(), how), job);
}

void clean_group(Turn& turn, UnitIndex unit, RunId run, const RunEnd& end,
                 const phase::Stopping* stopping) {
  const StopPolicy& policy = turn.spec(unit).stop;
  phase::Cleaning cleaning{run, end, stopping != nullptr ? stopping->then : Then::Decide,
                           std::nullopt, std::nullopt};
  if (stopping != nullptr && !stopping->kill_at) {
    turn.kill(unit, run, kSigKill, policy.kill);
    cleaning.give_up_at = turn.now + kGroupPatience;
  } else if (stopping != nullptr) {
    cleaning.kill_at = stopping->kill_at;
    // Where there was a signal the group has had it together with the leader.
    if (stopping->signals == 0) turn.kill(unit, run, policy.signal, policy.kill);
  } else {
    turn.kill(unit, run, policy.signal, policy.kill);
    cleaning.kill_at = turn.now + policy.timeout;
  }
  turn.enter(unit, std::move(cleaning), end.text + "; its process group is being stopped");
}

void schedule_restart(Turn& turn, UnitIndex unit, const RunEnd& end, Micros floor) {
  const RestartPolicy& policy = turn.spec(unit).restart;
  UnitRuntime& runtime = turn.unit(unit);
  note_end(runtime.restart, policy, end.began, turn.now);
  const std::string told = end.text + streak_text(runtime.restart, turn.now);
  const auto delay = next_delay(runtime.restart, policy, turn.state.chance, floor, turn.now);
  if (!delay) {
    return give_up(turn, unit,
                   format("{}; gave up after {} restarts within {}", told, policy.limit,
                          say_duration(policy.within)),
                   end.code);
  }
  if (end.executed) ++runtime.restarts;
  runtime.last_end = told;
  const std::string when = delay->count() == 0 ? std::string("restart at once")
                                               : format("restart in {}", say_duration(*delay));
  turn.say(end.success ? Severity::Info : Severity::Warning, unit, told + "; " + when);
  answer(turn, unit, false, format("{}: {}; {}", turn.spec(unit).id(), told, when));
  if (delay->count() == 0) return launch_soon(turn, unit, told);
  turn.enter(unit, phase::Backoff{turn.now + *delay}, told);
}

/// A mount that was never there fails for good when nothing can help, or its time is over; one that
/// was there once is tried again for ever, within its restart limit.
void decide_mount(Turn& turn, UnitIndex unit, const RunEnd& end) {
  const UnitRuntime& runtime = turn.unit(unit);
  const auto& timeout = turn.spec(unit).timeout;
  const bool over = timeout && runtime.first_run_at && turn.now - *runtime.first_run_at >= *timeout;
  const bool once = turn.spec(unit).restart.when == RestartPolicy::When::Never;
  if (once || (!runtime.was_ready && end.hopeless)) return give_up(turn, unit, end.text, 1);
  if (!runtime.was_ready && over) {
    return give_up(turn, unit,
                   format("{}; not mounted within {}", end.text, say_duration(*timeout)), 1);
  }
  schedule_restart(turn, unit, end, Micros{0});
}

/// A run ended by itself while the container runs.
void decide(Turn& turn, UnitIndex unit, const RunEnd& end) {
  using When = RestartPolicy::When;
  const Unit& spec = turn.spec(unit);
  const When when = spec.restart.when;
  const bool one_shot = spec.kind == UnitKind::Step || spec.kind == UnitKind::Job;
  if (end.success && (one_shot || when != When::Always)) return succeed(turn, unit, end.text);
  if (!end.executed && !end.hopeless) return retry_later(turn, unit, end);
  if (spec.kind == UnitKind::Mount && end.executed) return decide_mount(turn, unit, end);
  if (end.hopeless || when == When::Never || spec.kind == UnitKind::Job) {
    return give_up(turn, unit, end.text, end.code);
  }
  schedule_restart(turn, unit, end, Micros{0});
}

}  // namespace

void skip(Turn& turn, UnitIndex unit, std::string why, Severity said) {
  turn.say(said, unit, "skipped: " + why);
  turn.enter(unit, phase::Skipped{}, std::move(why));
  turn.settle(unit);
  turn.wake_dependants(unit);
}

void skip_if_told(Turn& turn, UnitIndex unit) {
  const std::string& reason = turn.spec(unit).conditions.skip_reason;
  if (!reason.empty()) skip(turn, unit, reason);
}

void succeed(Turn& turn, UnitIndex unit, std::string why) {
  const bool job = turn.spec(unit).kind == UnitKind::Job;
  turn.say(Severity::Info, unit, why.empty() ? "done" : "done: " + why);
  turn.enter(unit, phase::Done{}, why);
  turn.settle(unit);
  turn.wake_dependants(unit);
  if (job) end_with_job(turn, unit, turn.state.job_code.value_or(0), why);
}

void give_up(Turn& turn, UnitIndex unit, std::string why, std::optional<int> code) {
  const Unit& spec = turn.spec(unit);
  const bool matters = spec.kind == UnitKind::Job || spec.on_failure != OnFailure::Ignore;
  turn.say(matters ? Severity::Error : Severity::Warning, unit, "failed: " + why);
  turn.enter(unit, phase::Failed{code}, why);
  turn.settle(unit);
  turn.doom_dependants(unit);
  if (spec.kind == UnitKind::Job) {
    end_with_job(turn, unit, code.value_or(1), why);
  } else if (meaning_of_failure(spec, turn.unit(unit)) == OnFailure::Shutdown) {
    // A reload that brought this about is taken back instead.
    if (would_take_back(turn.state, unit)) return;
    begin_shutdown(turn, failure_code(code), format("{} failed: {}", spec.id(), why), unit);
  }
}

void block(Turn& turn, UnitIndex unit, UnitIndex by) {
  const UnitRuntime& cause = turn.unit(by);
  std::string why = format("requires {}, which {}", turn.spec(by).id(),
                           to_text(unit_state(cause.phase)) == "failed"          ? "failed"
                           : std::holds_alternative<phase::Blocked>(cause.phase) ? "is blocked"
                                                                                 : "is stopped");
  if (!cause.why.empty()) why += ": " + cause.why;
  turn.say(Severity::Warning, unit, "blocked: " + why);
  const auto* blocked = std::get_if<phase::Blocked>(&cause.phase);
  const bool by_command = std::holds_alternative<phase::Stopped>(cause.phase) ||
                          (blocked != nullptr && blocked->by_command);
  turn.enter(unit, phase::Blocked{by_command}, why);
  turn.settle(unit);
  turn.doom_dependants(unit);
  // The job's end ends the container; one that can never begin has come to its end.
  if (turn.spec(unit).kind == UnitKind::Job && !by_command)
    begin_shutdown(turn, 1, "job is blocked: " + why, unit);
}

void end_run(Turn& turn, UnitIndex unit, const Process& process, const ProcessEnd& end,
             const phase::Stopping* stopping) {
  const Unit& spec = turn.spec(unit);
  RunEnd read = read_end(turn, unit, process, end);
  const bool late = stopping != nullptr && stopping->then == Then::Fail;
  if (late && spec.kind == UnitKind::Mount) read.text = stopping->reason;
  turn.unit(unit).last_run = LastRun{read.text, end.cpu, end.max_rss};
  if (read.executed) turn.unit(unit).executed = true;
  const Then then = stopping != nullptr ? stopping->then : Then::Decide;
  // Its end by our own signal does not tell why it was sent.
  if (then == Then::Restart || (then == Then::Fail && spec.kind != UnitKind::Mount))
    read.text += " (" + stopping->reason + ")";
  const bool job_ended = spec.kind == UnitKind::Job && (read.executed || read.hopeless);
  if (job_ended) turn.state.job_code = *read.code;
  const bool may_leave = spec.kind == UnitKind::Step && read.success && stopping == nullptr;
  if (end.group_left && spec.stop.kill != KillScope::Process && !may_leave) {
    clean_group(turn, unit, process.run, read, stopping);
    const bool again = then == Then::Restart || then == Then::Anew;
    if (job_ended && !again) end_with_job(turn, unit, *read.code, read.text);
    return;
  }
  conclude(turn, unit, read, then);
}

void conclude(Turn& turn, UnitIndex unit, const RunEnd& end, Then then) {
  const Unit& spec = turn.spec(unit);
  // What a reload has ended is to come again: who waits for it goes on waiting.
  if (end.executed && then != Then::Hold) turn.settle(unit);
  if (!turn.may_start()) {
    if (end.success && then != Then::Fail && spec.kind != UnitKind::Service)
      return succeed(turn, unit, end.text);
    turn.say(Severity::Info, unit, end.text);
    if (spec.kind == UnitKind::Job && then == Then::Decide) {
      return turn.enter(unit, phase::Failed{end.code}, end.text);
    }
    return turn.enter(unit, phase::Stopped{}, end.text);
  }
  switch (then) {
    case Then::Decide:
      return decide(turn, unit, end);
    case Then::Restart:
      return schedule_restart(turn, unit, end, Micros{0});
    case Then::Fail:
      if (spec.kind == UnitKind::Mount) return give_up(turn, unit, end.text, 1);
      if (spec.restart.when == RestartPolicy::When::Never) {
        return give_up(turn, unit, end.text, end.code);
      }
      return schedule_restart(turn, unit, end, Micros{0});
    case Then::Stay:
      return stop_by_command(turn, unit, "by command: " + end.text);
    case Then::Anew:
      if (end.executed) ++turn.unit(unit).restarts;
      turn.unit(unit).last_end = end.text;
      return start_by_command(turn, unit);
    case Then::Hold:
      if (end.executed) ++turn.unit(unit).restarts;
      turn.unit(unit).last_end = end.text;
      return turn.enter(unit, phase::Held{}, "the configuration is being reloaded");
  }
}

void retry_later(Turn& turn, UnitIndex unit, const RunEnd& end) {
  const Unit& spec = turn.spec(unit);
  const bool patient = spec.restart.when != RestartPolicy::When::Never &&
                       (spec.kind == UnitKind::Service || spec.kind == UnitKind::Mount);
  if (!patient && turn.unit(unit).restart.streak + 1 >= kTries) {
    return give_up(turn, unit, format("{}, {} times", end.text, kTries), end.code);
  }
  schedule_restart(turn, unit, end, kShortestRetry);
}

}  // namespace bootsman
