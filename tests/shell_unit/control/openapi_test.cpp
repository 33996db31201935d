#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>

#include "wire/api.h"

namespace bootsman {

TEST_CASE("packaging/openapi.yaml names exactly what the control socket serves") {
  std::ifstream file(BOOTSMAN_SOURCE_DIR "/packaging/openapi.yaml");
  REQUIRE(file.good());
  std::set<std::string> described;
  std::string path;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("  /")) path = line.substr(2, line.find(':') - 2);
    for (const std::string method : {"get", "post", "put", "delete", "patch"}) {
      if (line != "    " + method + ":") continue;
      std::string upper;
      for (const char c : method) upper += static_cast<char>(c - 'a' + 'A');
      described.insert(upper + " " + path);
    }
  }
  std::set<std::string> served;
  for (const ApiRoute& route : api_routes()) {
    served.insert(std::string(route.method) + " " + std::string(route.path));
  }
  CHECK(described == served);
  CHECK(served.size() == api_routes().size());
}

}  // namespace bootsman
