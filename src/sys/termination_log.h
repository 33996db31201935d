#pragma once

#include <string>
#include <string_view>

namespace bootsman {

/// Writes the message over what is in `path`: a file that the kubelet bind-mounts, and reads when
/// the container is gone. Nothing happens where it does not exist, or for an empty path. For
/// PID 1 see shell/last_words_file.h: the path may hang.
void write_termination_log(const std::string& path, std::string_view message);

}  // namespace bootsman
