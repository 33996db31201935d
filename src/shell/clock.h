#pragma once

#include <cstdint>
#include <ctime>

#include "base/types.h"

namespace bootsman {

/// The one place that asks the time: CLOCK_BOOTTIME, which a suspended machine does not stop.
inline MonoTime mono_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return MonoTime(std::chrono::duration_cast<Micros>(std::chrono::seconds(now.tv_sec) +
                                                     std::chrono::nanoseconds(now.tv_nsec)));
}

/// The time of day, for people only: microseconds since 1970, UTC. It may jump.
inline std::int64_t wall_clock_us() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace bootsman
