#pragma once

#include <string>

#include "base/result.h"
#include "steps/facts.h"

namespace bootsman {

/// Where the certificates of the authorities lie that servers are checked against.
struct CaPlace {
  std::string file;    ///< PEM; or else
  std::string folder;  ///< a folder of PEM files.
  bool operator==(const CaPlace&) const = default;
};

/// `named` (a key of the configuration) and $SSL_CERT_FILE count alone where they are set, also
/// when the file is missing: whoever names one does not want another. Else $SSL_CERT_DIR, else the
/// first of the places where distributions keep their bundle. The error lists what was looked for.
Result<CaPlace> find_ca_bundle(const FileView& files, const std::string& named,
                               const std::string& ssl_cert_file, const std::string& ssl_cert_dir);

}  // namespace bootsman
