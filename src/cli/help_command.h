#pragma once

#include "cli/args.h"

namespace bootsman {

/// `bootsman help [COMMAND|KEY]`. Returns 0, or 2 for a word that is neither.
int help_command(const Invocation& invocation);

}  // namespace bootsman
