#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "steps/work.h"
#include "sys/fd.h"

namespace bootsman {

/// The folder that an archive is unpacked into. Each name is walked folder by folder without
/// following a link, so nothing outside of it can be reached, whatever the archive made before.
/// Files and folders get the owner, if there is one; links stay ours.
class ArchiveTree {
 public:
  ArchiveTree(UniqueFd root, std::uint64_t max_size, std::optional<FileOwner> owner)
      : root_(std::move(root)), left_(max_size), owner_(owner) {}

  Result<void> add_folder(std::string_view name);
  /// A new file, in the place of one that an earlier entry of this name made.
  Result<UniqueFd> add_file(std::string_view name, bool executable);
  /// A link that leads upwards does so at its start only, and not out of the folder.
  Result<void> add_symlink(std::string_view name, const std::string& target);
  /// `target` is a file of the archive that is there already.
  Result<void> add_hard_link(std::string_view name, std::string_view target);
  /// Counts and writes.
  Result<void> append(const UniqueFd& file, std::string_view bytes);

 private:
  /// The folder that an entry lies in, and its name there; the name is empty for the root itself.
  struct Place {
    UniqueFd folder;
    std::string name;
    std::size_t depth = 0;
  };
  Result<Place> place_of(std::string_view name, bool make);
  bool own(int fd) const;
  Result<Place> new_place(std::string_view name);

  UniqueFd root_;
  std::uint64_t left_;
  std::uint32_t entries_ = 0;
  std::optional<FileOwner> owner_;
};

}  // namespace bootsman
