#pragma once

#include <string>
#include <string_view>

namespace bootsman {

/// The hunks of a unified diff (as `diff -u` prints them, without the two head lines), three lines
/// of context each; empty where the texts are the same. Very different long texts show as all
/// lines taken away and all put in.
std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace bootsman
