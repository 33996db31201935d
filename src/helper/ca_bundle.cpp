#include "helper/ca_bundle.h"

#include <array>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::array<const char*, 5> kPlaces = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // CentOS, RHEL, Fedora
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older CentOS
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",
};

bool is_file(const FileView& files, const std::string& path) {
  return files.follow(path).kind == PathFact::Kind::File;
}

Result<CaPlace> only(const FileView& files, const std::string& path, const std::string& from) {
  if (is_file(files, path)) return CaPlace{path, ""};
  return fail("cannot check servers: there is no file " + printable(path) + ", which " + from +
              " names");
}

}  // namespace

Result<CaPlace> find_ca_bundle(const FileView& files, const std::string& named,
                               const std::string& ssl_cert_file, const std::string& ssl_cert_dir) {
  if (!named.empty()) return only(files, named, "ca_file");
  if (!ssl_cert_file.empty()) return only(files, ssl_cert_file, "$SSL_CERT_FILE");
  if (!ssl_cert_dir.empty() && files.follow(ssl_cert_dir).kind == PathFact::Kind::Directory)
    return CaPlace{"", ssl_cert_dir};
  std::string looked;
  for (const char* place : kPlaces) {
    if (is_file(files, place)) return CaPlace{place, ""};
    looked += (looked.empty() ? "" : ", ") + std::string(place);
  }
  return fail("cannot check servers: there are no certificates of authorities at " + looked +
              "; install the package ca-certificates, or name a file in $SSL_CERT_FILE");
}

}  // namespace bootsman
