#pragma once

#include <optional>
#include <string>

#include "base/value.h"
#include "shell/load_config.h"
#include "shell/setup.h"

namespace bootsman {

/// How long a file system may take for one file of the configuration when the container starts.
inline constexpr Millis kConfigPatience{10'000};

/// The request to the helper "read-config" (helper/protocol.h).
Value reading_request(const ConfigRequest& request);
/// The path that it is at, by its answers so far, one a line; empty when it is at none.
std::string path_being_read(std::string_view answers);

/// load_configuration() before there is a loop. Where a file may lie on a file system that hangs
/// (shell/what_may_hang.h), a helper reads all of them first, in the same way: what hangs hangs
/// there, and is an error like that of a file that can't be read. Nothing when a stop signal came
/// first.
std::optional<LoadedConfig> read_configuration(const Setup& setup, const ConfigRequest& request,
                                               const Environment& env);

}  // namespace bootsman
