#include "steps/sha256.h"

#include <mbedtls/sha256.h>

#include <array>

namespace bootsman {

struct Sha256::Context {
  mbedtls_sha256_context state;
};

// What mbedTLS returns here tells only of hardware engines, which are not built in.

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  mbedtls_sha256_init(&context_->state);
  mbedtls_sha256_starts(&context_->state, 0);
}

Sha256::~Sha256() {
  mbedtls_sha256_free(&context_->state);
}

void Sha256::update(std::string_view bytes) {
  mbedtls_sha256_update(&context_->state, reinterpret_cast<const unsigned char*>(bytes.data()),
                        bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  mbedtls_sha256_finish(&context_->state, digest.data());
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
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
