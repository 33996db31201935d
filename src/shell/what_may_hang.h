#pragma once

#include <string>

namespace bootsman {

/// Whether to look `path` up may mean to wait for somebody else: on its way lies a file system that
/// a network or a process serves (base/mount_table.h), and / is not of that kind, on which all
/// depends anyway. Empty: it does not. Else words for a message: "a fuse.s3fs mounted on /data".
/// Asks the kernel's table of mounts, and reads links of local file systems only, so that PID 1 may
/// ask it of any path. What is not absolute is taken for harmless.
std::string what_may_hang(const std::string& path);

}  // namespace bootsman
