#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace bootsman {

/// Reads the status out of an HTTP/1.x answer, cut anywhere; for probes, so lenient where the
/// status is not in doubt. Interim answers (1xx) are passed over.
class ReplyParser {
 public:
  /// Bytes of status lines and headers, beyond which an answer counts as none.
  static constexpr std::size_t kHeadMax = 64 * 1024;

  ReplyParser();
  ~ReplyParser();

  /// The status once the whole head has come, nothing before. An error means that this is no
  /// HTTP/1.x. Not to be called again after either.
  Result<std::optional<int>> feed(std::string_view bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bootsman
