#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/diagnostic.h"
#include "config/tree.h"

namespace bootsman {

/// Reads one text of TOML (version 1.0) into a table. What TOML itself refuses (syntax, a table
/// defined twice) is reported with its place, and gives nothing: TOML readers stop at the first.
std::optional<Node> parse_toml(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace bootsman
