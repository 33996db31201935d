#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace bootsman {

/// Reads the text of an environment file: one NAME=value per line, "export " in front is let pass.
/// Empty lines and lines that begin with # are skipped. The value goes to the end of the line, as
/// it is; only a pair of quotes around the whole of it is taken off. Nothing is expanded. The error
/// names the line: "line 3: …".
Result<std::vector<EnvVar>> parse_env_file(std::string_view text);

}  // namespace bootsman
