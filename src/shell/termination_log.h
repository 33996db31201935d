#pragma once

#include <string>
#include <string_view>

namespace bootsman {

/// Writes the message over what is in `path`: a file that the kubelet bind-mounts, and reads when
/// the container is gone. Nothing happens where it does not exist, or for an empty path.
void write_termination_log(const std::string& path, std::string_view message);

}  // namespace bootsman
