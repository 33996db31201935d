#pragma once

#include "cli/args.h"

namespace bootsman {

/// `bootsman doctor [--json]`: what is wrong with this container, and what to do. Returns 0, 1 when
/// something is bad, 78 for a wrong configuration.
int doctor_command(const Invocation& asked);

}  // namespace bootsman
