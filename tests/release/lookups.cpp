// Looks a user, a group and hosts up through the C library, as some linked library may do without
// our knowledge. Built twice: with PINNED it first does what main does, without it is the
// counter-proof.
#include <grp.h>
#include <netdb.h>
#include <pwd.h>

#include <cstdio>

#include "sys/nss_pin.h"

int main() {
#ifdef PINNED
  bootsman::pin_name_services();
#endif
  const passwd* user = getpwnam("daemon");
  const bool stranger = getpwnam("nobody-has-this-name") != nullptr;
  const group* group = getgrnam("daemon");
  addrinfo* address = nullptr;
  const bool local = getaddrinfo("localhost", "80", nullptr, &address) == 0;
  (void)getaddrinfo("no-such-host.invalid", "80", nullptr, &address);
  std::printf("user %s, group %s, stranger %s, localhost %s\n",
              user != nullptr ? "found" : "missing", group != nullptr ? "found" : "missing",
              stranger ? "found" : "missing", local ? "found" : "missing");
  return 0;
}
