#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/types.h"

namespace bootsman {

/// One process as /proc/PID/stat shows it.
struct ProcessInfo {
  Pid pid;
  Pid parent;
  char state = '?';
  std::string name;  ///< The kernel's comm, at most 15 bytes.
  Pid group = {};
  Pid session = {};
  /// Clock ticks since boot: together with the pid it names one process for good.
  std::uint64_t started = 0;
  std::uint64_t cpu_ticks = 0;  ///< User and system time, in clock ticks.
  std::uint64_t rss_pages = 0;
};

/// All processes that /proc shows; empty where it is not mounted.
std::vector<ProcessInfo> walk_processes();

/// These processes and all that descend from them, as the walk has seen it.
std::vector<Pid> descendants_of(const std::vector<ProcessInfo>& processes, std::vector<Pid> roots);

/// All that descend from this process, without itself, as they are now.
std::vector<ProcessInfo> descendants_of(Pid root);

/// A process that is not our child, remembered so that its number can't be taken for another's.
struct SeenProcess {
  Pid pid;
  std::uint64_t started = 0;  ///< As ProcessInfo::started.
  bool operator==(const SeenProcess&) const = default;
};

/// Whether it is still there; a zombie is not.
bool lives(const SeenProcess& process);
/// Signals this process and no other: by a pidfd where the kernel has them, or else right after a
/// look at its start time.
void signal_seen(const SeenProcess& process, Signal signal);

/// Whether a process belongs to what `leader`, the head of a session of its own, has started.
enum class Kinship : std::uint8_t {
  Kin,  ///< Of its session or process group, or a descendant of it.
  Stranger,
  Gone,  ///< It is not there any more, so nothing is known of it.
};
Kinship kinship(Pid pid, Pid leader);

}  // namespace bootsman
