#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace bootsman {

/// Reads "250ms", "5s", "2m", "1h", "1.5s", "1m30s" (units ms, s, m, h, d). A bare number is an
/// error that names the unit as what is missing, "0" included; negative values are errors.
Result<Millis> parse_duration(std::string_view text);

/// "250ms", "5s", "1.5s", "2m", "1h30m": the shortest form, readable by parse_duration.
std::string format_duration(Millis duration);

/// For people: "0.4 s", "12 s", "3 min", "2 h 5 min".
std::string say_duration(Micros duration);

/// Reads "512B", "64KiB", "8MiB", "1GiB", "1.5GiB", also the decimal "KB", "MB", "GB". A bare
/// number is an error that names the unit as what is missing.
Result<std::uint64_t> parse_size(std::string_view text);

/// "64 KiB", "7.9 GiB": for people.
std::string say_size(std::uint64_t bytes);

/// Reads "SIGTERM", "TERM", "term", "15" or "SIGRTMIN+3" (the kernel's 37, as container runtimes
/// mean it) into 1..64.
Result<Signal> parse_signal(std::string_view text);

/// "SIGTERM"; real-time ones as "SIGRTMIN+3".
std::string signal_name(Signal signal);

/// Reads a whole non-negative decimal number, nothing before or after it.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// The candidate nearest to `word` by edit distance (insert, delete, replace, swap of neighbours),
/// or nothing when none is near enough to be what was meant.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates);

std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);

/// The text with what would disturb a terminal or a log line (control characters, DEL) written as
/// \xNN, and cut to `limit` bytes with "…" when longer; never cuts inside a UTF-8 character.
std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace bootsman
