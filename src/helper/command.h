#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "steps/work.h"

namespace bootsman {

/// Runs a program in a process group of its own with exactly this environment, and collects what it
/// prints. When the time is over the whole group is killed. Returns when the program itself has
/// ended, also while something that it left behind still holds its output open. Fails only where it
/// can't be started.
Result<CommandOutput> run_command(const CommandLine& command,
                                  const std::map<std::string, std::string>& env);

}  // namespace bootsman
