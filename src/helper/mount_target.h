#pragma once

#include <string>
#include <vector>

#include "base/mount_table.h"
#include "base/result.h"
#include "helper/mount_request.h"

namespace bootsman {

/// What the bare target is covered with while nothing is mounted: an empty read-only file system
/// whose source has this name in the mount table.
inline constexpr const char* kBareSource = "bootsman-bare";

/// The mounts on this point now.
std::vector<MountEntry> current_mounts_on(const std::string& point);

struct Prepared {
  std::string target;   ///< The path without symbolic links, as the mount table has it.
  std::string warning;  ///< Not empty: what the mount hides.
};

/// Makes the folder where it is missing, detaches what an earlier run has left on it, and covers it,
/// so that nothing can be written to it while it is down. Never deletes anything. Refuses a target on
/// which something else is mounted.
Result<Prepared> prepare_target(const std::string& target);

/// Detaches what is mounted above the cover, also when files on it are open.
void detach_mounts(const std::string& target);

/// Takes the cover off a target that is no mount's any more, with what is left above it.
void uncover_target(const std::string& target);

/// Mounts by mount(2): the types bind and tmpfs. The errno where that fails.
int mount_natively(const MountRequest& request, const std::string& target);

/// What is missing to mount anything in this container, and what to do; empty when nothing is.
std::string missing_rights(MountPlan::Type type);

}  // namespace bootsman
