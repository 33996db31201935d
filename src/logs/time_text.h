#pragma once

#include <cstdint>
#include <string_view>

namespace bootsman {

/// Writes the time of day as RFC 3339 does, in UTC with milliseconds: "2026-01-31T08:05:09.120Z".
/// Remembers the last one, since many lines come in the same millisecond.
class TimeText {
 public:
  static constexpr std::size_t kSize = 24;

  /// `wall_us`: microseconds since 1970, UTC, in the years 1970 to 9999. Valid until the next call.
  std::string_view at(std::int64_t wall_us);

 private:
  std::int64_t millisecond_ = -1;
  char text_[kSize + 1] = {};
};

}  // namespace bootsman
