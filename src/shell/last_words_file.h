#pragma once

#include <string>

#include "shell/setup.h"

namespace bootsman {

/// Writes the termination message (sys/termination_log.h) where no loop runs: by a helper, for
/// which it waits a second at most, when the path may hang. False: it was not written in that time.
bool write_last_words(const Setup& setup, const std::string& path, const std::string& message);

}  // namespace bootsman
