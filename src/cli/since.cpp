#include "cli/since.h"

#include <algorithm>
#include <ctime>
#include <string>

#include "base/text.h"

namespace bootsman {

Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_us) {
  if (const auto ago = parse_duration(text)) {
    return std::max<std::int64_t>(now_us - ago->count() * 1000, 0);
  }
  const std::string whole(text);
  std::tm parts{};
  const char* end = ::strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  const bool utc = end != nullptr && (*end == '\0' || std::string_view(end) == "Z");
  const std::time_t seconds = utc ? ::timegm(&parts) : -1;
  if (seconds < 0) {
    return fail("cannot read the time \"" + printable(text) +
                "\": write how long ago, as 10m, or a time in UTC, as 2026-05-01T12:00:00Z");
  }
  return static_cast<std::int64_t>(seconds) * 1'000'000;
}

}  // namespace bootsman
