#pragma once

#include "cli/args.h"

namespace bootsman {

/// `bootsman import FILE`: prints supervisord's configuration as ours; what has no counterpart also
/// on stderr. Returns 0, or 1 where the file can't be read or has no program.
int import_command(const Invocation& asked);

}  // namespace bootsman
