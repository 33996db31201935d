#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bootsman {

struct PublicKeys {
  std::vector<std::string> lines;  ///< As they were written, each once.
  std::vector<std::string> wrong;  ///< "line 2 of ORIGIN is no public key", for the log.
};

/// Reads lines of authorized_keys, sshd(8): options, type, base64, comment. Empty lines and
/// comments are left out, others that are no key are named in `wrong` without being shown. A
/// private key among them is an error.
Result<PublicKeys> parse_public_keys(std::string_view text, std::string_view origin);

}  // namespace bootsman
