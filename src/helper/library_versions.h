#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bootsman {

/// Name and version of each library behind outgoing transfers: curl, mbedTLS, c-ares.
std::vector<std::pair<std::string, std::string>> transfer_library_versions();

}  // namespace bootsman
