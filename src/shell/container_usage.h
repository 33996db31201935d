#pragma once

#include <optional>

#include "base/cgroup.h"
#include "base/cgroup_usage.h"
#include "wire/metrics.h"

namespace bootsman {

/// Reads what the container uses from its control groups, when somebody asks; nothing is sampled.
/// The init's own group is the container's.
class ContainerUsage {
 public:
  /// Finds the groups the first time. Without /proc or /sys nothing is ever told.
  CgroupUsage read();

 private:
  void find();

  bool looked_ = false;
  std::optional<MemoryCgroup> memory_;
  std::optional<Cgroup> cpu_;      ///< Where cpu.stat is.
  std::optional<Cgroup> account_;  ///< Version 1: where cpuacct.usage is.
};

/// What this process uses, from /proc/self and getrusage(2).
OwnUsage own_usage();

}  // namespace bootsman
