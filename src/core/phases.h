#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "base/types.h"
#include "core/check_tracker.h"

namespace bootsman {

// The phases of a unit. Each holds only what is true in it; UnitState (state.h) is the coarser name
// that people see. How they follow each other:
//
//   Idle → Waiting → [Asking] → Spawning → Starting → Running → Ready      a process
//                             → Queued → Applying → Done                   a built-in step
//   Starting, Running, Ready → (its end) → [Cleaning] → Backoff → Spawning | Done | Failed
//   Starting, Running, Ready → (a stop) → Stopping → [Cleaning] → Stopped | Backoff | Failed
//   Spawning → (a stop) → Recalled → Stopping | Stopped
//   Applying → (a stop, its timeout) → Cancelling → Done | Stopped | Failed;   Applying → Queued
//   Waiting → Blocked, Skipped;   Waiting, Asking, Queued, Backoff → (a stop) → Stopped
//   Done, Failed, Blocked, Skipped, Stopped → (a start by command) → Waiting
//   Blocked → (a start of what it requires) → Waiting;   Failed, Blocked → (a stop) → Stopped
//   every phase without a process → (a reload) → Held → Waiting;   Stopping → Held
//
// Done, Failed, Blocked, Skipped and Stopped are final: only a command leads out of them.

/// The process of a run, from Spawned until it was reaped.
struct Process {
  RunId run;
  Pid pid;
  MonoTime spawned_at{};
  bool operator==(const Process&) const = default;
};

/// How a run came to its end.
struct RunEnd {
  bool executed = false;    ///< The program ran; false when it could not be executed.
  bool success = false;     ///< By the unit's success_codes; never true of a mount.
  bool hopeless = false;    ///< A program that can't be executed: another try is of no use.
  std::optional<int> code;  ///< As a shell would say it.
  std::string text;         ///< "exited 1 after 0.4 s"
  MonoTime began{};         ///< When the run was spawned.
  bool operator==(const RunEnd&) const = default;
};

/// What follows the end of a run.
enum class Then : std::uint8_t {
  Decide,   ///< It ended by itself: the restart policy decides.
  Restart,  ///< It was stopped to be started again.
  Fail,     ///< It was stopped because it took too long.
  Stay,     ///< It was stopped to stay stopped.
  Anew,     ///< It was stopped by a command that starts it again, at once.
  Hold,     ///< It was stopped by a reload, to wait for another plan.
};

namespace phase {

/// Before the boot.
struct Idle {
  bool operator==(const Idle&) const = default;
};
/// Until every unit of its `after` has settled, and those of `requires` are satisfied.
struct Waiting {
  bool operator==(const Waiting&) const = default;
};
/// Stands still until another plan is in force (reload.h).
struct Held {
  bool operator==(const Held&) const = default;
};
/// Its conditions are being looked at.
struct Asking {
  RunId run;
  bool operator==(const Asking&) const = default;
};
/// A built-in step that is due, while another batch is being applied.
struct Queued {
  bool operator==(const Queued&) const = default;
};
/// A built-in step in a helper.
struct Applying {
  RunId run;
  std::optional<MonoTime> overdue_at = {};  ///< Once the helper is at it: the unit's `timeout`.
  bool operator==(const Applying&) const = default;
};
/// As Applying; the helper was told to end.
struct Cancelling {
  RunId run;
  std::optional<MonoTime> kill_at;  ///< Nothing: SIGKILL was sent.
  bool late = false;                ///< It took too long, and will have failed.
  bool operator==(const Cancelling&) const = default;
};
/// A process was ordered.
struct Spawning {
  RunId run;
  bool operator==(const Spawning&) const = default;
};
/// As Spawning, and as soon as the process is there it gets this signal.
struct Recalled {
  RunId run;
  Signal signal;
  Then then = Then::Stay;
  bool operator==(const Recalled&) const = default;
};
/// A child exists; its exec has not been seen to succeed.
struct Starting {
  Process process;
  std::optional<MonoTime> complain_at;  ///< When the wait for the exec is worth a line.
  bool operator==(const Starting&) const = default;
};

/// What turns a running unit into a ready one.
struct UntilItsEnd {  ///< Nothing: a step runs until it is done.
  bool operator==(const UntilItsEnd&) const = default;
};
struct Settling {
  MonoTime ready_at{};
  bool operator==(const Settling&) const = default;
};
struct UntilItsWord {  ///< It says itself when it is ready.
  bool operator==(const UntilItsWord&) const = default;
};
using ReadyBy = std::variant<UntilItsEnd, Settling, UntilItsWord, CheckTrack>;

/// Its program runs; it is not ready yet.
struct Running {
  Process process;
  ReadyBy ready_by;
  std::optional<MonoTime> overdue_at;  ///< The unit's `timeout`.
  bool operator==(const Running&) const = default;
};
struct Ready {
  Process process;
  std::optional<CheckTrack> health;
  bool reloading = false;  ///< It says that it reads its own configuration again.
  bool operator==(const Ready&) const = default;
};
/// It was told to end.
struct Stopping {
  Process process;
  std::optional<MonoTime> kill_at;  ///< Nothing: SIGKILL was sent.
  Then then = Then::Stay;
  std::string reason;         ///< Why it was stopped, where its own end would not tell.
  std::uint32_t signals = 1;  ///< How many of its stop signals were sent; 0: its command.
  std::optional<MonoTime> next_at = {};  ///< When the next one is due.
  /// After the SIGKILL: when a mount that does not answer is to blame for its not ending.
  std::optional<MonoTime> blame_at = {};
  bool operator==(const Stopping&) const = default;
};
/// Its process is gone, others of its group are left and were signalled.
struct Cleaning {
  RunId run;
  RunEnd end;
  Then then = Then::Decide;
  std::optional<MonoTime> kill_at;     ///< Nothing: SIGKILL was sent.
  std::optional<MonoTime> give_up_at;  ///< Set once SIGKILL was sent.
  bool operator==(const Cleaning&) const = default;
};
/// Waits for its next run.
struct Backoff {
  std::optional<MonoTime> retry_at;  ///< Nothing: at the end of this turn.
  bool operator==(const Backoff&) const = default;
};
struct Done {
  bool operator==(const Done&) const = default;
};
/// It failed for good.
struct Failed {
  std::optional<int> code;
  bool operator==(const Failed&) const = default;
};
struct Blocked {
  bool by_command = false;  ///< What it lacks was stopped by command, and can be started again.
  bool operator==(const Blocked&) const = default;
};
struct Skipped {
  bool operator==(const Skipped&) const = default;
};
/// While the container runs: by command, and it stays so until the next one.
struct Stopped {
  bool operator==(const Stopped&) const = default;
};

}  // namespace phase

using Phase = std::variant<phase::Idle, phase::Waiting, phase::Held, phase::Asking, phase::Queued,
                           phase::Applying, phase::Cancelling, phase::Spawning, phase::Recalled,
                           phase::Starting, phase::Running, phase::Ready, phase::Stopping,
                           phase::Cleaning, phase::Backoff, phase::Done, phase::Failed,
                           phase::Blocked, phase::Skipped, phase::Stopped>;

/// For visits: one function for each phase, all of them named.
template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

/// Names the phases in which a fact changes nothing. A phase that is named nowhere does not
/// compile, so a new one makes every visit be looked at.
template <class... Phases>
struct nothing_in {
  template <class Phase>
  requires(std::is_same_v<Phase, Phases> || ...) void operator()(const Phase&) const {}
};

/// Final phases never change again by themselves, only by command.
bool is_final(const Phase& phase);
/// Something of the unit is there that a stop must wait for: a process, its group, a helper.
bool is_live(const Phase& phase);
/// It is on its way to an end that was ordered.
bool is_stopping(const Phase& phase);
/// The process of the run, as long as it was not reaped.
std::optional<Process> process_of(const Phase& phase);
/// The run that facts of this phase are about.
std::optional<RunId> run_of(const Phase& phase);
/// The earlier of two deadlines, of which either may be missing.
std::optional<MonoTime> earlier(std::optional<MonoTime> a, std::optional<MonoTime> b);
/// When the phase wants the next Tick.
std::optional<MonoTime> deadline_of(const Phase& phase);

}  // namespace bootsman
