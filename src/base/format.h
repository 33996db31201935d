#pragma once

#include <fmt/core.h>

#include <string>

namespace bootsman {

/// The text with its `{}` filled in; wrong places fail to compile. The formatter itself is compiled
/// once, in format.cpp: fmt::format() would compile all of it into each file that calls it.
std::string vformat_text(fmt::string_view text, fmt::format_args values);

template <typename... Values>
std::string format(fmt::format_string<const Values&...> text, const Values&... values) {
  return vformat_text(text, fmt::make_format_args(values...));
}

}  // namespace bootsman
