#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bootsman {

/// Reads "ctrl-],ctrl-]" (as Docker writes such keys: a character, or ctrl- and one of a-z @[\]^_)
/// into the bytes that a terminal sends.
Result<std::string> parse_detach_keys(std::string_view text);

/// Looks for the detach keys in what is typed. Bytes that may be their beginning are held back
/// until it shows.
class DetachMatcher {
 public:
  explicit DetachMatcher(std::string keys) : keys_(std::move(keys)) {}

  /// Appends to `out` what is for the program. True when the keys were typed.
  bool feed(std::string_view typed, std::string& out);

 private:
  std::string keys_;  ///< Empty: never.
  std::string held_;
};

}  // namespace bootsman
