#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bootsman {

/// Name and version of each library that only helpers use: curl, mbedTLS, c-ares, libarchive.
std::vector<std::pair<std::string, std::string>> helper_library_versions();

}  // namespace bootsman
