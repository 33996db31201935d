#include "cli/since.h"

#include <doctest/doctest.h>

namespace bootsman {

TEST_CASE("since when") {
  constexpr std::int64_t kNow = 1'777'636'800'000'000;  // 2026-05-01T12:00:00Z
  CHECK(parse_since("10m", kNow).value() == kNow - 600'000'000);
  CHECK(parse_since("10m", 1'000).value() == 0);
  CHECK(parse_since("2026-05-01T12:00:00Z", 0).value() == kNow);
  CHECK(parse_since("2026-05-01T12:00:00", 0).value() == kNow);
  for (const char* bad : {"", "10", "yesterday", "2026-05-01", "2026-05-01T12:00:00+02:00"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_since(bad, kNow).has_value());
  }
}

}  // namespace bootsman
