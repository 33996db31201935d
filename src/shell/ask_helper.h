#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "base/value.h"
#include "shell/setup.h"

namespace bootsman {

/// Starts a helper (helper/protocol.h) before there is a loop, and waits for its one answer. A stop
/// signal, which stays pending for the init's loop, ends the waiting as `timeout` does; the
/// helper is killed then.
Result<Value> ask_helper(const Setup& setup, std::string_view name, const Value& request,
                         std::vector<std::string> environment, Millis timeout);

}  // namespace bootsman
