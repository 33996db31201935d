#pragma once

#include <ctime>

#include "base/types.h"

namespace bootsman {

/// The time of CLOCK_BOOTTIME, for helpers; it goes on while the machine sleeps.
inline MonoTime boot_now() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return MonoTime(std::chrono::duration_cast<Micros>(std::chrono::seconds(time.tv_sec) +
                                                     std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace bootsman
