#pragma once

#include <cstdint>

namespace bootsman {

/// How a unit's lines are written: with its name in front, as JSON objects, or bare.
enum class LogFormat : std::uint8_t { Text, Json, Raw };

/// While nobody reads the init's output: the writer waits, or its lines are dropped and counted.
enum class WhenBlocked : std::uint8_t { Wait, Drop };

}  // namespace bootsman
