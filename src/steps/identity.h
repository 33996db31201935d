#pragma once

#include <string>
#include <string_view>

namespace bootsman {

/// Which container this is, as steps that make something unique see it: "pod:UID" where the
/// kubelet's paths show it, else "container:ID" by the paths that Docker, Podman and CRI-O bind
/// into a container or by the cgroup, else "host:NAME". A restart of the same container keeps it,
/// an image saved from it and started elsewhere has another. Reads the texts of
/// /proc/self/mountinfo and /proc/self/cgroup.
std::string container_identity(std::string_view mountinfo, std::string_view cgroup,
                               std::string_view hostname);

}  // namespace bootsman
