#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "steps/work.h"

namespace bootsman {

/// Unpacks a tar (also by gzip) or zip archive into `folder`, which must be there and should be
/// empty; which of them it is its first bytes say. Files become 0644 or 0755, folders 0755,
/// whatever the archive says, with the archive's owner as they are given here.
///
/// The archive is not trusted: a name that is absolute or has "..", one that lies behind a link of
/// the archive, a link that leads outside of the folder, devices, pipes, sparse and encrypted
/// files, more than `max_size` bytes or a million entries end it with an error. What was unpacked
/// until then is left to the caller.
Result<void> unpack_archive(const ArchiveFile& archive, const std::string& folder);

}  // namespace bootsman
