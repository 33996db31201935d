#pragma once

#include "cli/args.h"

namespace bootsman {

/// `bootsman check [--env] [FILE]`: every error of the configuration on stderr, one line each; on
/// success one line on stdout. Returns 0, or 1 when there are errors.
int check_command(const Invocation& asked);

/// The helper "read-config" (helper/protocol.h). What is wrong with the configuration it leaves to
/// PID 1, which reads it next.
int read_config_helper();

}  // namespace bootsman
