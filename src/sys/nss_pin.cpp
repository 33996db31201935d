#include "sys/nss_pin.h"

#include <cstdlib>  // defines __GLIBC__ where it applies

#ifdef __GLIBC__
#include <nss.h>

#include <string_view>
#endif

namespace bootsman {

#ifdef __GLIBC__
namespace {

constexpr const char* kDatabases[] = {
    "aliases",    "ethers",   "group",    "group_compat", "gshadow",       "hosts",
    "initgroups", "netgroup", "networks", "passwd",       "passwd_compat", "protocols",
    "publickey",  "rpc",      "services", "shadow",       "shadow_compat"};

}  // namespace

void pin_name_services() {
  for (const char* database : kDatabases) {
    const bool hosts = std::string_view(database) == "hosts";
    // A database that this glibc does not know is refused, which is as good as pinned.
    (void)__nss_configure_lookup(database, hosts ? "files dns" : "files");
  }
}
#else
void pin_name_services() {}
#endif

}  // namespace bootsman
