#pragma once

#include <sys/types.h>

#include "wrap/options.h"
#include "wrap/signal_set.h"
#include "wrap/terminal.h"

namespace bootsman {

/// How the command is to be started.
struct ChildPlan {
  char* const* command = nullptr;          ///< Ends with nullptr; [0] is looked for in PATH.
  Placement placement = Placement::Group;  ///< Never Automatic.
  bool to_foreground = false;              ///< It gets the terminal at once.
  SignalBits signal_mask = 0;              ///< What was blocked before we started.
  bool child_signal_ignored = false;       ///< SIGCHLD was ignored before we started.
};

/// Starts the command; -1 and errno where there can be no process. What is sent to it, or to its
/// process group, before it is executed, reaches it. A command that can't be executed says so on
/// stderr and exits as options.exec_failure says.
pid_t start_child(const ChildPlan& plan, const WrapOptions& options, const Terminal& terminal);

/// The exit code of a command whose execution failed with this errno.
int exec_failure_code(FailureCodes kind, int error);

}  // namespace bootsman
