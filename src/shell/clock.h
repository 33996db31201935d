#pragma once

#include <cstdint>
#include <ctime>

#include "sys/now.h"

namespace bootsman {

/// The time of day, for people only: microseconds since 1970, UTC. It may jump.
inline std::int64_t wall_clock_us() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace bootsman
