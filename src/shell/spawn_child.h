#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace bootsman {

/// Where a child was when it failed.
enum class ChildStage : std::int32_t {
  Descriptors,
  Terminal,
  Limits,
  Nice,
  IoPriority,
  OomScore,
  Capabilities,
  Groups,
  User,
  Directory,
  Privileges,
  Exec,
};

/// What a child writes to its status pipe: any number of things that it goes on without, then one
/// that is fatal when it can't become its program; a success is the pipe's end, by close-on-exec.
struct ChildReport {
  ChildStage stage = ChildStage::Exec;
  std::int32_t error = 0;
  std::int32_t detail = -1;  ///< Limits: the resource; Capabilities: the number; Exec: 1 where the
                             ///< file is there and its interpreter is not; else -1.
  std::int32_t fatal = 1;
};

/// What the child reads. Pointers into the PendingSpawn's block; null: leave as it is.
struct ChildOrders {
  char** candidates = nullptr;  ///< Null-terminated. Empty: image_fd.
  bool searched = false;        ///< The candidates come from PATH: argv[0] becomes the one found.
  int image_fd = -1;
  char** argv = nullptr;  ///< With two writable places in front.
  char** environment = nullptr;
  const char* directory = nullptr;
  const Account* account = nullptr;
  const std::vector<ResourceLimit>* inherited_limits = nullptr;
  const std::vector<std::uint64_t>* inherited_hard = nullptr;
  const std::vector<ResourceLimit>* limits = nullptr;
  const int* nice = nullptr;
  const int* ioprio = nullptr;
  const char* oom_text = nullptr;
  const std::uint32_t* umask = nullptr;
  bool no_new_privileges = false;
  CapabilitySet dropped = 0;
  CapabilitySet ambient = 0;
  bool takes_terminal = false;                 ///< Descriptor 0 becomes its controlling terminal.
  std::array<int, 4> streams{-1, -1, -1, -1};  ///< What becomes descriptors 0..3; -1: stays.
  int extra_fd = -1;                           ///< Becomes extra_target; -1: there is none.
  int extra_target = -1;
  int status_fd = -1;  ///< Neither extra_target nor below 4.
  bool batch = false;  ///< It is SCHED_BATCH, and SCHED_OTHER is what it is to be.
  const sigset_t* signal_mask = nullptr;
};

/// The body of a child made by clone(CLONE_VM): never returns. Shares the init's memory until its
/// exec, so: raw system calls only, no errno, no allocation, no lock, nothing of the C library.
int run_child(void* orders);

}  // namespace bootsman
