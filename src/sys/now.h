#pragma once

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

}  // namespace bootsman
