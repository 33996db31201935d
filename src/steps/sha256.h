#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace bootsman {

/// The SHA-256 digest (FIPS 180-4) of `bytes` in lower-case hex.
std::string sha256_hex(std::string_view bytes);

/// The same for bytes that come bit by bit.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  /// The digest of all that was given; call once.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// The bytes in lower-case hex.
std::string to_hex(std::string_view bytes);

}  // namespace bootsman
