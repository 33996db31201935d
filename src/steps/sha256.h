#pragma once

#include <string>
#include <string_view>

namespace bootsman {

/// The SHA-256 digest (FIPS 180-4) of `bytes` in lower-case hex.
std::string sha256_hex(std::string_view bytes);

/// The bytes in lower-case hex.
std::string to_hex(std::string_view bytes);

}  // namespace bootsman
