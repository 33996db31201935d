#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace bootsman {

/// One line of JSON (RFC 8259), members in their order, without a line end. Bytes that are not
/// UTF-8 become U+FFFD; control characters are escaped.
std::string to_json(const Value& value);

/// Reads one JSON text. Limits: nesting of 64, nothing after the value.
Result<Value> parse_json(std::string_view text);

}  // namespace bootsman
