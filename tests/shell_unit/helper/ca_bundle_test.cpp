#include "helper/ca_bundle.h"

#include <doctest/doctest.h>

#include "unit/steps/world.h"

using namespace bootsman;
using test::BootWorld;

TEST_CASE("certificates of authorities are looked for where people and distributions put them") {
  struct Row {
    const char* name;
    std::vector<std::string> there;
    const char* ca_file;
    const char* ssl_cert_file;
    const char* ssl_cert_dir;
    CaPlace wanted;
  };
  const std::string debian = "/etc/ssl/certs/ca-certificates.crt";
  const std::string centos = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";
  const Row rows[] = {
      {"Debian's bundle", {debian}, "", "", "", {debian, ""}},
      {"CentOS's bundle", {centos}, "", "", "", {centos, ""}},
      {"the first of several", {centos, debian}, "", "", "", {debian, ""}},
      {"the configured file goes first", {"/a", "/b", debian}, "/a", "/b", "/certs", {"/a", ""}},
      {"then $SSL_CERT_FILE", {"/b", debian}, "", "/b", "/certs", {"/b", ""}},
      {"then $SSL_CERT_DIR", {debian}, "", "", "/certs", {"", "/certs"}},
      {"a folder that is not there does not count", {debian}, "", "", "/no", {debian, ""}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    world.folder_("/certs");
    for (const std::string& path : row.there) world.file(path, "PEM");
    const auto place = find_ca_bundle(world, row.ca_file, row.ssl_cert_file, row.ssl_cert_dir);
    REQUIRE(place);
    CHECK(*place == row.wanted);
  }
}

TEST_CASE("without certificates the error says what was looked for and what to do") {
  BootWorld world;
  const auto none = find_ca_bundle(world, "", "", "");
  REQUIRE_FALSE(none);
  CHECK(none.error().message().starts_with("cannot check servers: there are no certificates"));
  CHECK(none.error().message().find("/etc/ssl/cert.pem") != std::string::npos);
  CHECK(none.error().message().find("install the package ca-certificates") != std::string::npos);
}

TEST_CASE("a file that was named and is missing is no reason to take another") {
  BootWorld world;
  world.file("/etc/ssl/certs/ca-certificates.crt", "PEM");
  const auto named = find_ca_bundle(world, "/no.pem", "", "");
  REQUIRE_FALSE(named);
  CHECK(named.error().message() ==
        "cannot check servers: there is no file /no.pem, which ca_file names");
  const auto variable = find_ca_bundle(world, "", "/no.pem", "");
  REQUIRE_FALSE(variable);
  CHECK(variable.error().message().ends_with("which $SSL_CERT_FILE names"));
}
