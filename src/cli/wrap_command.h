#pragma once

#include "cli/args.h"

namespace bootsman {

/// `bootsman wrap`: the exit code of the command, or 2 with a sentence for a wrong option.
int wrap_command(const Invocation& asked);

}  // namespace bootsman
