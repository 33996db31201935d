#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bootsman {

/// Reads the status out of an HTTP/1.x answer, cut anywhere; for probes, so lenient where the
/// status is not in doubt. Interim answers (1xx) are passed over. May look for a text in the body.
class ReplyParser {
 public:
  /// Bytes of status lines and headers, beyond which an answer counts as none.
  static constexpr std::size_t kHeadMax = 64 * 1024;
  /// Bytes of the body that are looked at.
  static constexpr std::size_t kBodyMax = 64 * 1024;

  enum class Body : std::uint8_t { Open, Found, Lacking };

  /// `wanted` is looked for in the body; empty: the body is not looked at.
  explicit ReplyParser(std::string wanted = {});
  ~ReplyParser();

  /// The status once the whole head has come, nothing before. An error means that this is no
  /// HTTP/1.x; not to be called again then, nor, without `wanted`, after the status.
  Result<std::optional<int>> feed(std::string_view bytes);

  /// What is known of the wanted text: Lacking when the body is over, or kBodyMax of it. Without a
  /// wanted text always Found.
  Body body() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bootsman
