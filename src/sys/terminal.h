#pragma once

#include "base/result.h"
#include "sys/fd.h"

namespace bootsman {

/// A pseudo terminal, see pty(7). Both sides are close-on-exec; ours does not block.
struct TerminalPair {
  UniqueFd ours;     ///< The master: what the program writes is read here.
  UniqueFd program;  ///< The slave: the program's stdin, stdout and stderr.
};

/// A new terminal of 80 columns and 24 lines which writes line ends as they are (-onlcr).
Result<TerminalPair> make_terminal();

/// Whether this process was given a terminal as stdin and stdout that it can hand to a child: its
/// own controlling terminal, of which it is the session's leader, or one that is nobody's. The
/// shell's terminal, say, can't be taken from the shell.
bool has_terminal_to_give();

/// Whether who set the environment lets a terminal have colours: not with a
/// NO_COLOR that is not empty (https://no-color.org), nor with TERM=dumb.
bool may_colour();

/// Gives up the controlling terminal, so that a child can take it. The SIGHUP and SIGCONT which
/// the kernel then sends to this process are taken away; they must be blocked.
void give_up_terminal();

}  // namespace bootsman
