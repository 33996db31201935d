#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bootsman {

/// One line of /proc/PID/mountinfo, see proc_pid_mountinfo(5).
struct MountEntry {
  int id = 0;          ///< Unique while mounted; given away again afterwards.
  std::string device;   ///< "0:52"
  std::string root;     ///< What of its file system is mounted.
  std::string point;    ///< Where it is mounted, as this process sees it.
  std::string type;     ///< "fuse.s3fs"
  std::string source;   ///< "s3fs"
  std::string options;  ///< Of the file system, not of this mount of it: "rw,memory".
  bool operator==(const MountEntry&) const = default;
};

using MountTable = std::vector<MountEntry>;

/// The lines that can be read, in their order: of mounts on the same point the last one is seen.
MountTable parse_mountinfo(std::string_view text);

/// Those on this very point.
MountTable mounts_on(std::string_view mountinfo, std::string_view point);

/// The one that an absolute path without links lies on; nullptr where the table has none.
const MountEntry* mount_of(const MountTable& mounts, std::string_view path);

/// Whether file systems of that type are served by a network or a process, so that who looks a name
/// up there may have to wait for as long as those like.
bool is_served(std::string_view type);

}  // namespace bootsman
