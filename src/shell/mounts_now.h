#pragma once

#include "base/mount_table.h"

namespace bootsman {

/// The table of mounts of this process, read again only when the kernel says that it has changed:
/// some ask at each request. nullptr where there is no /proc. Good until the next call.
const MountTable* mounts_now();

}  // namespace bootsman
