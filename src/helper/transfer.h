#pragma once

#include <cstdint>
#include <string>

#include "base/types.h"
#include "helper/web_handle.h"
#include "sys/file.h"

namespace bootsman {

/// What to fetch, and how far to go for it.
struct Transfer {
  std::string url;
  std::string sha256 = {};  ///< Of the file, lower-case hex; empty: it is not checked.
  WebAccess access = {};
  std::uint64_t max_size = 16U << 20;
  Millis timeout{60'000};  ///< For all tries together.
  int tries = 4;
  Millis backoff{500};  ///< Before the second try; doubles up to 10 s.
  /// A folder in which the server's ETag of the file is kept, so that it is not fetched again while
  /// it is the same, and that the old one serves while the server is away. Empty: neither.
  std::string memory = {};
};

struct Fetched {
  bool changed = false;  ///< The bytes at the path are new.
  std::string sha256;    ///< Of the file that is there now.
  /// Not empty: the server is away for this reason, and the file of an earlier time stays in use.
  std::string stale;
};

/// Brings the file at `path` up to date with the URL. Where it has the wanted sha256 already, no
/// server is asked. At any moment, also after kill -9, the old file or the whole new one is there.
/// Errors of the network have the code 0. Takes proxies and $SSL_CERT_FILE from the environment.
FileResult<Fetched> fetch_file(const Transfer& transfer, const std::string& path,
                               const WriteOptions& options = {});

/// SHA-256 in hex of a regular file of any size.
FileResult<std::string> hash_file(const std::string& path);

}  // namespace bootsman
