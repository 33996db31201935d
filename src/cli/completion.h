#pragma once

#include <string>

#include "base/result.h"
#include "cli/args.h"

namespace bootsman {

/// The script that completes bootsman's commands, options and units in "bash", "zsh" or "fish";
/// made from the table of commands. An error names the shells.
Result<std::string> completion_script(const std::string& shell);

/// `bootsman completion SHELL`. Returns 0, or 2 for an unknown shell.
int completion_command(const Invocation& asked);

}  // namespace bootsman
