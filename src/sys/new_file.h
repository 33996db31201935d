#pragma once

#include <string>
#include <string_view>

#include "sys/fd.h"
#include "sys/file.h"

namespace bootsman {

/// A file that is written bit by bit and takes the place of the old one only when it is whole: what
/// write_file() is for bytes that do not fit into memory. Dropped without commit(), nothing is
/// left.
class NewFile {
 public:
  /// Owner and mode of an old file are kept as by write_file(). A symlink keeps its place where
  /// `options.follow` says so.
  static FileResult<NewFile> create(const std::string& path, const WriteOptions& options = {});
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  FileResult<void> append(std::string_view bytes);
  /// fsync, rename, fsync of the folder.
  FileResult<void> commit();

 private:
  NewFile() = default;

  std::string target_;
  std::string temporary_;  ///< Empty: committed, or moved away.
  off_t offset_ = 0;
  UniqueFd fd_;
};

}  // namespace bootsman
