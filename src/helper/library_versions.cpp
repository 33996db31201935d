#include "helper/library_versions.h"

#include <archive.h>
#include <curl/curl.h>

namespace bootsman {

std::vector<std::pair<std::string, std::string>> helper_library_versions() {
  const curl_version_info_data& info = *curl_version_info(CURLVERSION_NOW);
  std::vector<std::pair<std::string, std::string>> versions{{"curl", info.version}};
  if (info.ssl_version != nullptr) {
    const std::string tls = info.ssl_version;  // "mbedTLS/3.6.6"
    const auto slash = tls.find('/');
    versions.emplace_back(tls.substr(0, slash), slash == tls.npos ? "" : tls.substr(slash + 1));
  }
  if (info.ares != nullptr) versions.emplace_back("c-ares", info.ares);
  versions.emplace_back("libarchive", ARCHIVE_VERSION_ONLY_STRING);
  return versions;
}

}  // namespace bootsman
