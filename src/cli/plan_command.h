#pragma once

#include "cli/args.h"

namespace bootsman {

/// `bootsman plan`: what a start of the container would do now, and why; writes nothing. Returns 0,
/// or 78 for a wrong configuration.
int plan_command(const Invocation& asked);

/// `bootsman run-step NAME`: does one step now, also where it was done before. Returns 0 when it is
/// done or has nothing to do, 1 when it failed, 78 for a wrong configuration.
int run_step_command(const Invocation& asked);

}  // namespace bootsman
