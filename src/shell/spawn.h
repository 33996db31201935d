#pragma once

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/messages.h"
#include "plan/plan.h"
#include "sys/fd.h"

namespace bootsman {

/// Everything a child needs, resolved before it exists. All descriptors are borrowed.
struct SpawnRequest {
  /// What to execute: these paths in this order until one can be, or `image_fd` by execveat(2).
  std::vector<std::string> candidates;
  int image_fd = -1;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string directory;                 ///< Empty: the init's.
  std::optional<Account> account;
  std::vector<ResourceLimit> limits;
  std::optional<int> nice;
  std::optional<int> ioprio;
  std::optional<int> oom_score_adj;
  std::optional<std::uint32_t> umask;
  bool no_new_privileges = false;
  CapabilitySet dropped = 0;
  CapabilitySet ambient = 0;
  bool takes_terminal = false;  ///< What becomes its stdin becomes its controlling terminal too.
  int stdin_fd = -1;            ///< -1: /dev/null
  int stdout_fd = -1;           ///< -1: the init's
  int stderr_fd = -1;           ///< -1: the init's
  int helper_fd = -1;           ///< Becomes descriptor 3.
  int extra_fd = -1;            ///< Becomes descriptor `extra_target`, which is 3 or more.
  int extra_target = -1;
};

/// What the init changed for itself and gives back to its children.
struct Inherited {
  sigset_t signal_mask{};
  std::vector<ResourceLimit>
      limits;  ///< RLIMIT_NOFILE and RLIMIT_CORE with soft ≠ hard: see `hard`.
  std::vector<std::uint64_t> hard;  ///< The hard limit that goes with limits[i].
  bool ordinary = false;            ///< Its scheduling policy is SCHED_OTHER, see sched(7).
};

/// A child between clone and exec. It shares the init's memory until then, so this object, which
/// holds its stack and all it reads, must outlive that time: until status() said so or the child
/// was reaped.
class PendingSpawn {
 public:
  ~PendingSpawn();
  PendingSpawn(const PendingSpawn&) = delete;
  PendingSpawn& operator=(const PendingSpawn&) = delete;

  Pid pid() const { return pid_; }
  /// Readable (at its end, or with a failure) once the child's fate is known.
  int status_fd() const { return status_.get(); }

  struct Unknown {};
  struct Executed {};
  /// What is known by now, without waiting. A child that ended without a word counts as Executed:
  /// its exit status tells the rest.
  std::variant<Unknown, Executed, ExecFailure> status();
  /// What the child goes on without, so far: "cannot set the nice value: operation not permitted".
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class Spawner;
  struct Block;
  PendingSpawn();
  std::unique_ptr<Block> block_;
  UniqueFd status_;
  Pid pid_;
  std::vector<std::string> notes_;
};

/// The only place that makes processes. clone(CLONE_VM) without CLONE_VFORK: a child that hangs
/// before its exec (a directory on a dead mount) never holds the init up, and no page table is
/// copied. The child runs on a stack of its own, makes raw system calls only, and never touches
/// errno.
class Spawner {
 public:
  explicit Spawner(Inherited inherited);

  /// Makes the child. The error is a sentence; the errno is in `error` (EAGAIN, ENOMEM, EMFILE …).
  struct Failure {
    int error = 0;
    std::string what;
  };
  tl::expected<std::unique_ptr<PendingSpawn>, Failure> spawn(SpawnRequest request);

  /// The last spawn for now. From the first one until here the init is SCHED_BATCH (sched(7)), and
  /// each child until its exec: a new process of that policy does not take the processor away from
  /// who makes it, who has others to make.
  void rest();

 private:
  Inherited inherited_;
  bool busy_ = false;
  UniqueFd null_;
};

/// The paths that a program name stands for: itself when it has a slash, else each directory of
/// `path` (colon-separated, an empty part is skipped) with the name.
std::vector<std::string> program_candidates(std::string_view program, std::string_view path);

}  // namespace bootsman
