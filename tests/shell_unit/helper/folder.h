#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace bootsman::test {

/// A folder of its own for a test, gone at the end.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/bootsman-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }

  std::string path;
};

}  // namespace bootsman::test
