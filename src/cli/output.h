#pragma once

#include <cstdint>
#include <string>

#include "cli/client.h"
#include "cli/status_table.h"

namespace bootsman {

// What the commands that ask the running init have in common.

/// Exit codes of commands; kNoInit is the third.
inline constexpr int kBad = 1;
inline constexpr int kUsage = 2;

/// Writes a line to stderr. Returns the code.
int complain(const std::string& text, int code);

/// What stands in "error" of a refusal, or its status where it says nothing.
std::string error_of(const ControlReply& reply);

/// Writes and flushes; false when stdout did not take everything: a pipe whose reader is gone.
bool print(const std::string& text);

/// Colour and width for stdout: colour on a terminal only, and not with NO_COLOR.
TableStyle style_of_stdout();

/// "2026-05-01T12:00:00.123Z" of microseconds since 1970.
std::string time_of_day(std::int64_t microseconds);

}  // namespace bootsman
