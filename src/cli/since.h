#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace bootsman {

/// Reads "10m" (before `now_us`) or "2026-05-01T12:00:00Z" into microseconds since 1970, UTC.
Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_us);

}  // namespace bootsman
