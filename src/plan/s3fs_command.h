#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace bootsman {

/// The descriptor at which s3fs finds its password file: an anonymous file in memory, so that the
/// key lies in no folder, no argument and no variable.
inline constexpr int kPasswordFd = 9;

/// What to execute for a mount of type s3fs: in the foreground, with the options of images that
/// mounted by a start script of their own, in their order. A cache folder is per mount, and is not
/// deleted by it.
std::vector<std::string> s3fs_command(const MountPlan& mount);

}  // namespace bootsman
