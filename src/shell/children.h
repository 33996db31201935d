#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/messages.h"
#include "shell/fd_watch.h"
#include "shell/proc_walk.h"
#include "shell/spawn.h"

namespace bootsman {

/// The run tells which it is; the unit's place may be one of the plan before a reload.
struct UnitRun {
  UnitIndex unit;
  RunId run;
  bool operator==(const UnitRun& other) const { return run == other.run; }
};
struct HelperId {
  std::uint64_t value = 0;
  bool operator==(const HelperId&) const = default;
};
/// The process of an exec check.
struct CheckId {
  std::uint64_t value = 0;
  bool operator==(const CheckId&) const = default;
};
/// The stop command of a run.
struct StopCommand {
  UnitRun of;
  bool operator==(const StopCommand&) const = default;
};
/// A command of a person, see Sessions.
struct SessionId {
  std::uint64_t value = 0;
  bool operator==(const SessionId&) const = default;
};
using ChildOwner = std::variant<UnitRun, HelperId, CheckId, StopCommand, SessionId>;

struct ChildOwnerHash {
  std::size_t operator()(const ChildOwner& owner) const;
};

/// One of our direct children was reaped.
struct Death {
  ChildOwner owner;
  Pid pid;
  std::variant<ExitStatus, ExecFailure> how;
  bool group_left = false;  ///< Others of its group live, or what is remembered of its tree.
  Micros cpu{0};
  std::uint64_t max_rss = 0;        ///< Bytes, from wait4(2).
  bool killed_by_us = false;        ///< We have sent it SIGKILL.
  bool out_of_memory = false;       ///< See OomWatch.
  std::string note;                 ///< What else is known of the end: continues a sentence.
  std::vector<std::string> lacked;  ///< What it went on without, unless that was told before.
};

/// All processes that the init made: the one table from pid to owner, the one place that reaps, and
/// the one that signals. A pid leaves the table in the round in which it is reaped, so no signal
/// can go to a number that the kernel has given to somebody else.
class Children {
 public:
  /// Called when a child has become its program, with what it had to go on without.
  using Executed = std::function<void(const ChildOwner&, const std::vector<std::string>& notes)>;

  Children(uv_loop_t* loop, Spawner spawner, Executed executed);

  /// Whether it becomes its program is told later: in a later start(), or by the loop once
  /// watch_unheard() was called, or by its death.
  tl::expected<Pid, Spawner::Failure> start(ChildOwner owner, SpawnRequest request);
  /// Before the loop polls: has it tell of those started since the last call.
  void watch_unheard();

  struct Reaped {
    std::vector<Death> deaths;
    std::vector<UnitRun> emptied;  ///< Groups left behind that are empty now.
    std::uint32_t orphans = 0;
  };
  /// Reaps until there is none to reap (waitpid(2): one SIGCHLD may stand for many deaths).
  Reaped reap();

  /// Signals the owner's process, its group (also what is left of it after the leader's death), or
  /// its tree: the group, the descendants, and those which were descendants at an earlier signal to
  /// the tree, wherever they are now. Nothing happens when it is gone.
  void signal(const ChildOwner& owner, Signal signal, KillScope scope);

  /// Whether this pid is a child that the init itself wants: what people have started beside counts
  /// as left over when the container stops.
  bool owns(Pid pid) const {
    const auto found = table_.find(pid.value);
    return found != table_.end() && !std::holds_alternative<SessionId>(found->second.owner);
  }
  bool empty() const { return table_.empty(); }
  /// Nothing when it is gone.
  std::optional<Pid> pid_of(const ChildOwner& owner) const;

 private:
  struct Child {
    ChildOwner owner;
    std::unique_ptr<PendingSpawn> pending;
    FdWatch status;
    bool changes_user = false;
    bool killed = false;                 ///< SIGKILL was sent.
    std::optional<ExecFailure> failure;  ///< Read from the status pipe already.
    /// Descendants outside of its group, seen when its tree was signalled.
    std::vector<SeenProcess> tree;
  };
  struct LeftGroup {
    UnitRun owner;
    Pid leader;
    bool group_gone = false;  ///< Then the number may be another's by now.
    std::vector<SeenProcess> tree;
  };
  void hear();
  bool settle(Pid pid);
  static void signal_tree(Child& child, Pid pid, Signal signal);
  Death death_of(Child& child, Pid pid, int status);
  std::vector<UnitRun> take_emptied();

  uv_loop_t* loop_;
  Spawner spawner_;
  Executed executed_;
  std::unordered_map<int, Child> table_;
  std::unordered_map<ChildOwner, int, ChildOwnerHash> pids_;  ///< 0: it is being started.
  static constexpr std::size_t kUnheard = 16;
  std::vector<Pid> unwatched_;      ///< Started since the loop has polled.
  std::size_t hear_at_ = kUnheard;  ///< As many of them are asked, before there are more.
  std::vector<LeftGroup> left_groups_;
};

}  // namespace bootsman
