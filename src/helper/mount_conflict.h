#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/mount_table.h"

namespace bootsman {

/// A script that runs beside the init, or may.
struct ScriptText {
  std::string name;  ///< "/run.sh", "the job's command"
  std::string text;
};

/// Why a mount on this target must not be made; empty: it may. Something of somebody else is mounted
/// there (then it is not ours to cover), or a script mounts there by s3fs itself or deletes what is
/// below: `rm -rf` on a mounted bucket deletes the bucket's objects. Pure.
std::string mount_conflict(const std::string& target, const std::vector<MountEntry>& mounts,
                           const std::vector<ScriptText>& scripts);

/// The files that a command names and that may be scripts: absolute paths among its words, also within
/// `sh -c "…"`.
std::vector<std::string> named_files(const std::vector<std::string>& argv);

}  // namespace bootsman
