#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace bootsman {

// Children of a helper process. Never for PID 1, whose children are made by shell/spawn: these fork.

/// The path of a program: the name itself when it has a slash, else the first in this process's PATH
/// that can be executed; empty where there is none.
std::string find_program(const std::string& name);

struct ProgramStart {
  std::vector<std::string> argv;  ///< argv[0] without a slash is looked for in this process's PATH.
  int fd = -1;                    ///< Handed on as descriptor `fd_as`; all others from 3 are closed.
  int fd_as = -1;
};

struct ProgramFailure {
  int error = 0;  ///< errno of what failed: ENOENT where there is no such program.
};

/// Starts a program in a process group of its own, with this process's environment and standard
/// streams, and all signals unblocked and at their default. It is killed when this process ends.
tl::expected<Pid, ProgramFailure> start_program(const ProgramStart& start);

/// Runs a function in a child, which ends with its value as exit code. The child is not killed when
/// this process ends. An errno where no child can be made.
tl::expected<Pid, ProgramFailure> start_task(const std::function<int()>& task);

}  // namespace bootsman
