#include "steps/sha256.h"

#include <mbedtls/sha256.h>

#include <array>

namespace bootsman {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  // Fails only for hardware engines, which are not built in.
  mbedtls_sha256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(),
                 0);
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace bootsman
