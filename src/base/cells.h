#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bootsman {

// Text on a terminal, in its columns. All texts are UTF-8 without control characters.

/// Columns that the text takes in a terminal: 2 for CJK, full-width forms and emoji, 0 for
/// combining marks.
std::size_t display_width(std::string_view utf8);

/// The text, or as much of its beginning as fits with "…" behind it.
std::string cut_to_width(std::string_view text, std::size_t width);

/// The text, or what fits of its beginning and its end with "…" between them: names that differ
/// in their last letters only stay apart.
std::string cut_middle(std::string_view text, std::size_t width);

/// The text with spaces behind it up to that width.
std::string padded(std::string_view text, std::size_t width);

/// The text as lines of at most `width` columns, each with its line end, broken at spaces; those
/// behind the first begin with `indent`. A word without room, as a path, stays whole on a line of
/// its own. Width 0: one line.
std::string wrapped(std::string_view text, std::size_t width, std::string_view indent);

}  // namespace bootsman
