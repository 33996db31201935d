#pragma once

#include "cli/args.h"

namespace bootsman {

// The commands that ask the running init, over its control socket. Each returns its exit code:
// 0, 1 what was asked for is refused or bad, 2 wrong usage, 69 no running init.

int status_command(const Invocation& asked);
int top_command(const Invocation& asked);
/// The table of those units (all, when none is named) until somebody quits; with `keys` as top.
int watch_status(const std::vector<std::string>& names, bool keys);
int logs_command(const Invocation& asked);
int events_command(const Invocation& asked);
/// The boot as a timeline.
int boot_report_command(const Invocation& asked);
/// start, stop and restart.
int change_command(const Invocation& asked);
int reload_command(const Invocation& asked);
/// A command in the shape of a unit, joined to this terminal; its exit code is the command's.
int shell_command(const Invocation& asked);
/// This terminal joined to that of a unit.
int attach_command(const Invocation& asked);
int signal_command(const Invocation& asked);
int shutdown_command(const Invocation& asked);

}  // namespace bootsman
