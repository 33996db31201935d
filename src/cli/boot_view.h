#pragma once

#include <cstddef>
#include <string>

#include "base/value.h"

namespace bootsman {

// The answer of GET /v1/boot as a timeline.

/// A table of at most `width` columns (0: as wide as it is) with a bar for each unit. Text of units
/// is made printable.
std::string boot_table(const Value& boot, std::size_t width);

/// One SVG document that needs nothing from elsewhere.
std::string boot_svg(const Value& boot);

}  // namespace bootsman
