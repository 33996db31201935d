#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace bootsman::test {

/// The text of tests/PATH; "(no such file)" where it is missing, so that the comparison shows it.
/// With BOOTSMAN_UPDATE_GOLDEN=1 the file is first written with `actual`: look at the diff after.
inline std::string golden(const std::string& path, const std::string& actual) {
  const std::string file = std::string(BOOTSMAN_SOURCE_DIR) + "/tests/" + path;
  if (std::getenv("BOOTSMAN_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << actual;
  std::ifstream in(file);
  if (!in) return "(no such file)";
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace bootsman::test
