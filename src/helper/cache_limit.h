#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"

namespace bootsman {

/// Measures the folder in which s3fs keeps its cache and, where it is larger than the limit (0:
/// none), deletes the files used longest ago until it is a tenth below. Files that the process `user`
/// has open stay. Stays on the folder's file system and follows no link. Returns the size in bytes
/// that is left.
std::uint64_t trim_cache(const std::string& cache, const std::string& bucket, std::uint64_t limit,
                         Pid user);

}  // namespace bootsman
