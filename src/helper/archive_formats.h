#pragma once

#include "base/result.h"
#include "helper/archive_tree.h"

namespace bootsman {

/// Reads `archive`, an open file at its start, as POSIX tar (pax, GNU's long names), through gzip
/// (RFC 1952) where `gzip` says so.
Result<void> unpack_tar(int archive, bool gzip, ArchiveTree& tree);

/// Reads it as zip (PKWARE's APPNOTE): stored or deflated files, by the directory at its end.
Result<void> unpack_zip(int archive, ArchiveTree& tree);

}  // namespace bootsman
