#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/types.h"
#include "core/unit_state.h"
#include "plan/plan.h"
#include "plan/transition.h"

namespace bootsman {

// The two languages of the core: facts come in as Event, orders go out as Action. The shell turns
// kernel facts into events and actions into system calls; nothing else crosses the border.

// ---- Events: what happened (past tense) --------------------------------------------------------

/// The init is set up; the first event of a life.
struct Booted {};

/// The answer to one question of AskConditions.
struct ConditionsKnown {
  UnitIndex unit;
  RunId run;
  bool holds = true;
  std::string why;  ///< When it does not hold: "/usr/sbin/sshd does not exist".
};

/// A child exists; whether its program could be executed is not known yet.
struct Spawned {
  UnitIndex unit;
  RunId run;
  Pid pid;
};

/// No child could be made (clone or pipe failed: EAGAIN, ENOMEM, EMFILE).
struct SpawnFailed {
  UnitIndex unit;
  RunId run;
  int error = 0;     ///< errno
  std::string what;  ///< "cannot make a process: …"
};

/// The child's exec succeeded.
struct ExecSucceeded {
  UnitIndex unit;
  RunId run;
};

/// The child could not become its program.
struct ExecFailure {
  int error = 0;  ///< errno
  std::string
      what;  ///< "cannot execute /usr/bin/x: no such file", "cannot change to directory /x: …"
  /// What a shell would exit with: 127 not found, 126 found but can't be executed.
  int shell_code() const;
};

/// What the container ends with when a unit other than the job ended it for lack of memory.
inline constexpr int kOutOfMemoryCode = 101;

/// One run is over: its direct child was reaped.
struct ProcessEnd {
  UnitIndex unit;
  RunId run;
  std::variant<ExitStatus, ExecFailure> how;
  bool group_left = false;    ///< Other members of its process group live on.
  Micros cpu{0};              ///< User and system time, from wait4(2).
  std::uint64_t max_rss = 0;  ///< Bytes, from wait4(2).
  /// What else is known of the end, to continue a sentence: "probably out of memory (limit 8 GiB)".
  std::string note = {};
  bool out_of_memory = false;  ///< Then the unit's code is kOutOfMemoryCode.
  /// Of mounts: what their helper said of the end, in place of the exit status: "cannot mount …".
  std::string said = {};
  bool hopeless = false;  ///< It said as well that another try is of no use.
};

/// All deaths that one round of reaping found, as one fact: so no order made from it can name a
/// process that the same round has already reaped.
struct ProcessesEnded {
  std::vector<ProcessEnd> ends;
  std::uint32_t orphans = 0;  ///< Adopted processes that were reaped beside them.
};

/// The last member of the group of an ended run is gone.
struct GroupEmptied {
  UnitIndex unit;
  RunId run;
};

enum class StepResult : std::uint8_t {
  Changed,
  Unchanged,
  Skipped,
  Unused,  ///< Skipped, since nobody asked for it: nothing that a log need tell.
  Failed,
  NotBegun,  ///< The helper ended before it came to this step: it is still due.
};

/// A built-in step is over.
struct StepFinished {
  UnitIndex unit;
  RunId run;
  StepResult result = StepResult::Changed;
  std::string why;  ///< A sentence; for Failed, Skipped and Unused always there.
};

enum class CheckKind : std::uint8_t { Ready, Health };

struct CheckFinished {
  UnitIndex unit;
  RunId run;
  CheckKind kind = CheckKind::Ready;
  bool ok = false;
  std::string why;  ///< "connection refused by 127.0.0.1:8888", "status 503, wanted 200"
};

/// What a unit says of itself: by sd_notify(3), or on its notification descriptor.
struct Word {
  bool ready = false;
  bool reloading = false;
  bool stopping = false;
  bool alive = false;            ///< WATCHDOG=1
  bool hung = false;             ///< WATCHDOG=trigger
  bool speechless = false;       ///< It closed its notification descriptor before it was ready.
  std::optional<Micros> extend;  ///< EXTEND_TIMEOUT_USEC
  std::optional<std::string> status;  ///< STATUS, fit to be printed; may be empty.
  bool operator==(const Word&) const = default;
};

/// A process of the run has said so; that it is one of the run the shell has made sure of.
struct Notified {
  UnitIndex unit;
  RunId run;
  Word word;
};

/// A signal arrived at the init itself.
struct SignalReceived {
  Signal signal;
};

/// Time passed. May come early, late or twice without harm.
struct Tick {};

/// The unit's stop command is over.
struct StopCommandEnded {
  UnitIndex unit;
  RunId run;
  bool ok = false;
  std::string why;  ///< "exited 1", "cannot execute x: …"
};

/// How many processes of the namespace are left which are neither the init, nor its helpers, nor
/// of a running unit. Answers SweepLeftovers.
struct LeftoversCounted {
  std::uint32_t count = 0;
  std::string names;  ///< "python (pid 31), sleep (pid 44)": the first few.
};

/// Names one command of a person; the giver chooses it, and gets it back with the Reply.
struct CommandId {
  std::uint64_t value = 0;
  auto operator<=>(const CommandId&) const = default;
};

/// Start what does not run; forgets earlier failures, delays and the restart limit. Units that are
/// blocked for want of it are looked at again.
struct StartUnit {
  UnitIndex unit;
};
/// Stop it, and keep it stopped until it is started. Of the job: stop the container.
struct StopUnit {
  UnitIndex unit;
};
/// Stop it if it runs, then as StartUnit.
struct RestartUnit {
  UnitIndex unit;
};
/// Signal the unit's process, and only that.
struct SignalUnit {
  UnitIndex unit;
  Signal signal;
};
/// Stop the container. Where a job has ended its code goes before this one.
struct StopInit {
  std::optional<int> exit_code;
};
using Command = std::variant<StartUnit, StopUnit, RestartUnit, SignalUnit, StopInit>;

/// A person asks for something. Answered by exactly one Reply, unless it comes after Finish.
struct CommandReceived {
  CommandId id;
  Command what;
};

/// A person asks to go over to another plan; answered by one Reply. What it does is worked out
/// already; `summary` says it: "restarts service.a".
struct ReloadAsked {
  CommandId id;
  Transition way;
  Transition way_back;
  std::string summary;
};

/// adopt() was called: the other plan is in force.
struct PlanAdopted {};

using Event =
    std::variant<Booted, ConditionsKnown, Spawned, SpawnFailed, ExecSucceeded, ProcessesEnded,
                 GroupEmptied, StepFinished, StopCommandEnded, CheckFinished, Notified,
                 SignalReceived, Tick, LeftoversCounted, CommandReceived, ReloadAsked, PlanAdopted>;

// ---- Actions: what to do (imperative)
// ------------------------------------------------------------

/// Answer the unit's if_exists / if_not_exists by ConditionsKnown. Those of one batch go to one
/// helper.
struct AskConditions {
  UnitIndex unit;
  RunId run;
};

/// Apply these built-in steps, in this order, in one helper. Each answers with StepFinished. When
/// the helper ends before its work, the one that it was at has Failed, and the others are NotBegun.
struct RunSteps {
  struct Item {
    UnitIndex unit;
    RunId run;
  };
  std::vector<Item> items;
};

/// Start the unit's process. Answered by Spawned or SpawnFailed at once.
struct Spawn {
  UnitIndex unit;
  RunId run;
};

/// Signal the run's process, its group, or its tree (KillScope). A run that is gone: nothing
/// happens. The run of a built-in step: the helper that applies it is ended.
struct Kill {
  UnitIndex unit;
  RunId run;
  Signal signal;
  KillScope scope = KillScope::Group;
};

/// Run the unit's stop command. Answered by StopCommandEnded, unless the run ends before: then the
/// shell ends the command.
struct RunStopCommand {
  UnitIndex unit;
  RunId run;
};
/// SIGKILL for the stop command, if it still runs.
struct EndStopCommand {
  UnitIndex unit;
  RunId run;
};

/// Probe once, with the plan's timeout; never of a unit that speaks by itself. Answered by
/// CheckFinished, unless the run ends before.
struct StartCheck {
  UnitIndex unit;
  RunId run;
  CheckKind kind = CheckKind::Ready;
};

/// Signal every leftover process of the namespace (only PID 1 does), then answer by
/// LeftoversCounted; without a signal only count.
struct SweepLeftovers {
  std::optional<Signal> signal;
};

/// Put the other plan of the reload into force: call adopt() (reload.h), then answer by
/// PlanAdopted, perhaps a little later. The last action of its turn. Facts that name a unit by its place in the plan before
/// still find it, by their RunId; commands don't.
struct AdoptPlan {};

enum class Severity : std::uint8_t { Debug, Info, Warning, Error };

/// A line of the init's own log.
struct Say {
  Severity severity = Severity::Info;
  std::optional<UnitIndex> unit;
  std::string text;
};

/// A command has come to its end, or was refused. Start and restart end when the unit is ready or
/// done (ok), or failed, blocked, skipped, or ended before it was ready (not ok, though its restart
/// policy may go on). Stop ends when nothing of the unit is left. The others end at once. A later
/// start, stop or restart of the same unit ends an earlier one as "overtaken".
struct Reply {
  CommandId id;
  bool ok = true;
  std::string text;  ///< A sentence for the person: "service.a is ready".
};

/// Something that people and their programs may want to know of, told as it happens. Nothing has to
/// be done, and nothing comes back.
struct Happened {
  enum class What : std::uint8_t {
    StateChanged,  ///< Of the unit, `from` → `to`.
    Unhealthy,     ///< The unit's health check failed too often.
    Healthy,       ///< The unit is so no more.
    BootDone,
    Stopping,  ///< The container was told to stop, or has come to its end.
  };
  What what = What::StateChanged;
  std::optional<UnitIndex> unit;
  UnitState from = UnitState::Idle;
  UnitState to = UnitState::Idle;
  std::string why;  ///< A sentence of our own, or empty.
};

/// Leave with this exit code. The last action of a life.
struct Finish {
  int exit_code = 0;
  std::string reason;  ///< For the termination message: "service.x failed: exited 1 …".
  std::optional<UnitIndex> cause = {};  ///< The unit whose end it was.
};

using Action = std::variant<AskConditions, RunSteps, Spawn, Kill, RunStopCommand, EndStopCommand,
                            StartCheck, SweepLeftovers, AdoptPlan, Say, Reply, Happened, Finish>;
using Actions = std::vector<Action>;

}  // namespace bootsman
