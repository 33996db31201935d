#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/client.h"
#include "cli/status_table.h"

namespace bootsman {

// What the commands that ask the running init have in common.

/// Exit codes of commands; kNoInit is the third.
inline constexpr int kBad = 1;
inline constexpr int kUsage = 2;

/// Columns of the terminal that this descriptor is, 80 where it does not say; 0: it is none.
std::size_t columns_of(int fd);

/// Writes a sentence, or several lines, to stderr, broken at spaces where that is a terminal.
/// Returns the code.
int complain(const std::string& text, int code);

/// What stands in "error" of a refusal, or its status where it says nothing.
std::string error_of(const ControlReply& reply);

/// Writes and flushes; false when stdout did not take everything: a pipe whose reader is gone.
bool print(const std::string& text);

/// The same with a sentence, which is broken at spaces where stdout is a terminal.
bool print_sentence(const std::string& text, std::string_view indent = "");

/// Whether nobody reads stdout any more, as `head` that has seen enough.
bool reader_is_gone();

/// Colour and width for stdout: colour on a terminal only, and not with NO_COLOR.
TableStyle style_of_stdout();

/// "2026-05-01T12:00:00.123Z" of microseconds since 1970.
std::string time_of_day(std::int64_t microseconds);

}  // namespace bootsman
