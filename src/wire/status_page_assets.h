#pragma once

#include <string_view>

namespace bootsman {

/// The style and the script of the page for people; the script fills in by /-/events what the
/// server wrote first.
extern const std::string_view kStatusStyle;
extern const std::string_view kStatusScript;

}  // namespace bootsman
