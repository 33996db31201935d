#pragma once

#include <string>

namespace bootsman {

/// What a server said of a file that was fetched from it.
struct EtagEntry {
  std::string etag;
  std::string modified;  ///< Last-Modified, as it came.
  std::string sha256;    ///< Of the file then: the entry counts only while it is that file.
};

/// FOLDER/HASH.json for each pair of a URL and the path of its file. The URL itself is not kept.
class EtagMemory {
 public:
  /// An empty folder: remembers nothing.
  EtagMemory(const std::string& folder, const std::string& url, const std::string& path);

  /// The entry of the file with this hash; an empty one where there is none.
  EtagEntry find(const std::string& sha256) const;
  /// Where it can't be kept, the file is fetched again next time.
  void keep(const EtagEntry& entry) const;

 private:
  std::string folder_;
  std::string file_;
};

}  // namespace bootsman
