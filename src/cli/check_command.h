#pragma once

#include <span>
#include <string>

namespace bootsman {

/// `bootsman check [--env] [FILE]`: every error of the configuration on stderr, one line each; on
/// success one line on stdout. Returns 0, 1 when there are errors, 2 for wrong arguments.
/// `arguments` are those after "check".
int check_command(std::span<const std::string> arguments);

}  // namespace bootsman
