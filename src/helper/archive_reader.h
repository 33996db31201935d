#pragma once

#include <cstdint>

#include "base/result.h"
#include "helper/archive_tree.h"

namespace bootsman {

enum class ArchiveKind : std::uint8_t { Tar, GzippedTar, Zip };

/// Has libarchive read `file`, an open archive of that kind, from its start, and makes in `tree`
/// what is in it. libarchive only reads: it gets bytes and gives names, kinds and bytes.
Result<void> read_archive(int file, ArchiveKind kind, ArchiveTree& tree);

}  // namespace bootsman
