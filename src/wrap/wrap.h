#pragma once

#include "wrap/options.h"

namespace bootsman {

/// Single-command mode: starts the command (ends with nullptr, at least one word), forwards signals
/// to it, reaps every child that comes to this process, and returns the exit code when the command
/// has ended: its own, 128 + n for signal n, then options.remap_exit. Standard streams and their
/// flags stay untouched. Blocks all signals for good: the process has nothing to do afterwards but
/// to exit.
int wrap(const WrapOptions& options, char* const* command);

}  // namespace bootsman
