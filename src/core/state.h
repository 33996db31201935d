#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/types.h"
#include "core/check_tracker.h"
#include "core/deadlines.h"
#include "core/messages.h"
#include "core/phases.h"
#include "core/restart.h"
#include "core/unit_state.h"
#include "plan/plan.h"

namespace bootsman {

/// The coarser name of a phase that people see.
UnitState unit_state(const Phase& phase);

/// The command on a unit that has not come to its end.
struct PendingCommand {
  enum class Kind : std::uint8_t { Start, Stop, Restart };
  CommandId id;
  Kind kind = Kind::Start;
  bool operator==(const PendingCommand&) const = default;
};

/// What the latest run of a unit that is over has left behind.
struct LastRun {
  std::string text;  ///< "exited 1 after 0.4 s"
  Micros cpu{0};     ///< User and system time, of its direct child and those it waited for.
  std::uint64_t max_rss = 0;  ///< Bytes, of the largest of these.
  bool operator==(const LastRun&) const = default;
};

/// All that the core knows of one unit.
struct UnitRuntime {
  Phase phase = phase::Idle{};
  MonoTime since{};             ///< When its UnitState began.
  std::string why;              ///< A sentence of our own about that state.
  std::uint32_t unsettled = 0;  ///< Units of its `after` that have not settled.
  std::uint32_t holders = 0;    ///< While stopping: dependants that are not gone yet.
  std::uint32_t restarts = 0;   ///< Runs after the first.
  bool settled = false;         ///< Has been ready, or a run of it has ended, or it is final;
                                ///< anew when a reload starts it anew.
  bool executed = false;        ///< Its program has run at least once.
  bool gone = false;            ///< While stopping: neither it nor a dependant is live.
  bool was_ready = false;       ///< Has been ready in some run.
  /// When its first run was ordered, or the first after a start by command.
  std::optional<MonoTime> first_run_at;
  RestartTrack restart;
  std::string says;      ///< STATUS of its latest word in this run: text of the unit's own.
  std::string last_end;  ///< "exited 1 after 0.4 s": of the run before this one.
  std::optional<LastRun> last_run;
  std::optional<PendingCommand> command;
  bool operator==(const UnitRuntime&) const = default;
};

enum class InitPhase : std::uint8_t { Booting, Up, Draining, StoppingUnits, Sweeping, Finished };

// The phases of the whole.
namespace life {
struct Booting {
  bool operator==(const Booting&) const = default;
};
struct Up {
  bool operator==(const Up&) const = default;
};
/// Told to stop; endpoints drain, everything still runs.
struct Draining {
  MonoTime until{};
  bool operator==(const Draining&) const = default;
};
/// Everything but the mounts, and what mounts need, stops: dependants before what they need.
struct StoppingUnits {
  bool operator==(const StoppingUnits&) const = default;
};
/// What no unit owns is signalled and counted.
struct Sweeping {
  bool counting = true;             ///< A count is under way.
  MonoTime count_at{};              ///< When to count again.
  std::optional<MonoTime> kill_at;  ///< Nothing: SIGKILL was sent.
  std::string names;                ///< Of the latest count.
  bool operator==(const Sweeping&) const = default;
};
/// The mounts and what they need stop.
struct StoppingMounts {
  bool operator==(const StoppingMounts&) const = default;
};
struct Finished {
  int code = 0;
  bool operator==(const Finished&) const = default;
};
}  // namespace life

using Life = std::variant<life::Booting, life::Up, life::Draining, life::StoppingUnits,
                          life::Sweeping, life::StoppingMounts, life::Finished>;

/// The one stop of a life; there from its request on.
struct Shutdown {
  MonoTime requested_at{};
  MonoTime kill_at{};              ///< SIGKILL for all that is left then.
  MonoTime finish_at{};            ///< The end, whatever is left then.
  bool killed = false;             ///< The SIGKILL for all was sent.
  std::uint32_t signals = 0;       ///< Requests by signal: the second hurries, the third kills.
  int code = 0;                    ///< The exit code, unless the job has one.
  std::string reason;              ///< "SIGTERM", "job exited 3 after 12 s"
  std::optional<UnitIndex> cause;  ///< The unit whose end it was.
  bool operator==(const Shutdown&) const = default;
};

/// A reload under way (reload.h).
struct Reload {
  enum class Stage : std::uint8_t { Holding, Adopting, Watching };
  /// A unit that the reload has started, and that is to get ready.
  struct Watch {
    UnitIndex unit;
    std::optional<MonoTime> until;  ///< Nothing: its turn has not come yet.
    /// It is ready, though nothing has shown it but its start: it has to live until then.
    std::optional<MonoTime> lives_until = {};
    std::uint32_t restarts = 0;  ///< Of the unit, when the reload started it.
    bool operator==(const Watch&) const = default;
  };
  CommandId id;
  Stage stage = Stage::Holding;
  bool back = false;      ///< It goes back to the plan before.
  MonoTime hold_until{};  ///< While Holding: what has not ended then ends the reload.
  Transition way;
  Transition way_back;
  std::string summary;
  std::string failure;  ///< Why it goes back.
  std::vector<Watch> watched;
  bool operator==(const Reload&) const = default;
};

/// Everything the core remembers: plain data without a pointer, so that it can be copied, compared
/// and written down. Only step() changes it.
struct State {
  std::vector<UnitRuntime> units;  ///< As Plan::units.
  Deadlines deadlines;             ///< Of the units.
  Life life = life::Booting{};
  std::optional<Shutdown> shutdown;
  std::optional<Reload> reload;
  std::optional<MonoTime> booted_at;
  bool boot_done = false;             ///< Every unit has settled once; stays so.
  MonoTime last_turn{};               ///< When the latest fact was taken in.
  std::uint64_t runs = 0;             ///< The latest RunId given out.
  std::vector<UnitIndex> step_queue;  ///< Units in phase Queued, in plan order.
  std::uint32_t applying = 0;         ///< Units in phases Applying and Cancelling.
  std::uint32_t unsettled = 0;        ///< Units that have not settled; 0: boot is done.
  std::uint32_t open = 0;             ///< Units in phases that are not final.
  std::uint32_t live = 0;             ///< Units that is_live() is true of.
  std::uint32_t stopping = 0;         ///< Units that is_stopping() is true of.
  std::optional<int> job_code;        ///< The job has ended: what a shell would say of it.
  Prng chance;
  bool operator==(const State&) const = default;
};

/// The state before Booted. `seed` decides the jitter of restart delays.
State initial_state(const Plan& plan, std::uint64_t seed);

InitPhase init_phase(const State& state);

/// What a failure for good means now: of a mount that was there once, no more the container's end.
OnFailure meaning_of_failure(const Unit& spec, const UnitRuntime& unit);

}  // namespace bootsman
