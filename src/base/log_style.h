#pragma once

#include <cstdint>

namespace bootsman {

/// How a unit's lines are written: with its name in front, as JSON objects, or bare.
enum class LogFormat : std::uint8_t { Text, Json, Raw };

/// While nobody reads the init's output: the writer waits, or its lines are dropped and counted.
enum class WhenBlocked : std::uint8_t { Wait, Drop };

/// Whether units' names are coloured: when the output is a terminal, always, or never.
enum class LogColour : std::uint8_t { Auto, Always, Never };

/// Which lines are joined to the line before: none, or those that begin with a space or tab.
enum class LogJoin : std::uint8_t { None, Indent };

}  // namespace bootsman
