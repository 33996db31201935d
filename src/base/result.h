#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace bootsman {

/// Why something failed: one sentence for the person who must act. Innermost texts start with
/// "cannot …" and name the thing; callers add their intent in front with within().
class Error {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}

  const std::string& message() const { return message_; }

  /// "INTENT: MESSAGE". Consumes the error: `return std::move(r).error().within("cannot load F")`.
  Error within(std::string_view intent) && {
    return Error(std::string(intent) + ": " + std::move(message_));
  }

 private:
  std::string message_;
};

/// A value, or the reason why there is none. std::expected is not there for g++ 12.
template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message) {
  return tl::make_unexpected(Error(std::move(message)));
}
inline tl::unexpected<Error> fail(Error error) {
  return tl::make_unexpected(std::move(error));
}

}  // namespace bootsman
