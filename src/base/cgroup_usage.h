#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace bootsman {

// What the kernel accounts to a control group: cgroups(7), admin-guide/cgroup-v2.rst,
// admin-guide/cgroup-v1/cpuacct.rst, scheduler/sched-bwc.rst and accounting/psi.rst.

/// How often the group was out of CPU quota.
struct Throttling {
  std::uint64_t periods = 0;            ///< That have passed while it had work.
  std::uint64_t throttled_periods = 0;  ///< Of these, in which it used its quota up.
  Micros throttled{0};                  ///< How long its processes had to wait for that.
  bool operator==(const Throttling&) const = default;
};

/// How long processes stalled for lack of a resource, since the group was made.
struct Pressure {
  std::string resource;  ///< "cpu", "memory", "io"
  Micros some{0};        ///< At least one process stalled.
  Micros full{0};        ///< All of them did.
  bool operator==(const Pressure&) const = default;
};

/// What one container has used. Empty where the kernel does not tell.
struct CgroupUsage {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> memory_limit_bytes;
  std::optional<Micros> cpu;
  std::optional<Throttling> throttling;
  std::vector<Pressure> pressure;  ///< Version 2 only.
};

/// From cpu.stat of either version (microseconds in version 2, nanoseconds in version 1).
std::optional<Throttling> parse_throttling(std::string_view text);
/// The CPU time in cpu.stat of version 2.
std::optional<Micros> parse_cpu_usage(std::string_view text);
/// From cpu.pressure, memory.pressure or io.pressure.
std::optional<Pressure> parse_pressure(std::string_view resource, std::string_view text);

}  // namespace bootsman
