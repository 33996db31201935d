#pragma once

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
};

/// All processes that /proc shows; empty where it is not mounted.
std::vector<ProcessInfo> walk_processes();

/// All that descend from this process, without itself, as they are now.
std::vector<Pid> descendants_of(Pid root);

}  // namespace bootsman
