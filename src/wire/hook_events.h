#pragma once

#include <string_view>

#include "wire/event_log.h"

namespace bootsman {

/// What hooks are told of it: "failed", "unhealthy", "out-of-memory" or "mount-lost"; empty: nothing.
std::string_view hook_name(const EventRecord& event);

}  // namespace bootsman
