#pragma once

#include <string>

#include "base/result.h"
#include "helper/mount_request.h"
#include "sys/fd.h"

namespace bootsman {

/// The secret key: what was handed over or stands in the file, decrypted where that is asked for.
Result<std::string> find_secret_key(const MountRequest& request);

/// A file in memory, 0600, with the line that s3fs wants: "ID:KEY".
Result<UniqueFd> make_password_file(const std::string& key_id, const std::string& secret_key);

/// What `PROGRAM --version` prints; empty where it can't be asked.
std::string program_version(const std::string& program);

/// Whether this s3fs knows `-o logfile` (1.88 and later): otherwise its words stay in a buffer until
/// its end. `version_line` is what `s3fs --version` prints.
bool knows_logfile(const std::string& version_line);

}  // namespace bootsman
