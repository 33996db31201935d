#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bootsman {

/// Decodes %XX (RFC 3986); nothing when an escape is broken.
std::optional<std::string> percent_decode(std::string_view text);
/// Everything but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

/// The parameters of a query, decoded, in their order. An error when an escape is broken, or a name
/// is none of `known`.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query, const std::vector<std::string_view>& known);

}  // namespace bootsman
