#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/mount_table.h"

namespace bootsman {

// Reads the texts in which the kernel tells about control groups: cgroups(7), and
// admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst of the kernel's documentation.

/// Where the files of one memory control group lie.
struct MemoryCgroup {
  std::string folder;  ///< Absolute.
  bool v2 = false;
  std::string events_file() const {
    return folder + (v2 ? "/memory.events" : "/memory.oom_control");
  }
  std::string limit_file() const {
    return folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes");
  }
  bool operator==(const MemoryCgroup&) const = default;
};

/// Where the files of one control group lie.
struct Cgroup {
  std::string folder;  ///< Absolute.
  bool v2 = false;
  bool operator==(const Cgroup&) const = default;
};

/// The control group that accounts `controller` ("cpu", "cpuacct") of a process; see below.
std::optional<Cgroup> find_cgroup(std::string_view controller, std::string_view cgroup,
                                  const MountTable& mounts);

/// The memory control group of a process, from the text of its /proc/PID/cgroup and its table of
/// mounts. A hybrid machine has memory in version 1. Nothing where no such hierarchy is mounted. A
/// group that lies outside of what the mount shows is taken for the mount point itself, which
/// container runtimes make the container's own.
std::optional<MemoryCgroup> find_memory_cgroup(std::string_view cgroup, const MountTable& mounts);

/// How many processes the kernel has killed for lack of memory: the line "oom_kill N" of
/// memory.events or memory.oom_control. Nothing where the text has none (Linux before 4.13).
std::optional<std::uint64_t> oom_kills(std::string_view text);

/// The bytes of memory.max or memory.limit_in_bytes. Nothing for "max", or for a number so large
/// that it means the same in version 1.
std::optional<std::uint64_t> memory_limit(std::string_view text);

}  // namespace bootsman
