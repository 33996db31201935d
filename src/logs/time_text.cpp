#include "logs/time_text.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/types.h"

namespace bootsman {

std::string_view TimeText::at(std::int64_t wall_us) {
  constexpr std::int64_t kLast = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z
  const std::int64_t now = std::clamp<std::int64_t>(wall_us / 1'000, 0, kLast);
  if (now == millisecond_) return {text_, kSize};
  millisecond_ = now;
  const std::chrono::sys_time<Millis> moment{Millis(now)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Millis> clock(moment - day);
  // Each field is in its range; the compiler cannot know that.
  char text[64];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  std::copy_n(text, kSize, text_);
  return {text_, kSize};
}

}  // namespace bootsman
