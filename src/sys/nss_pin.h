#pragma once

namespace bootsman {

/// Makes the C library use only its built-in lookups ("files", and "dns" for hosts), whatever
/// /etc/nsswitch.conf names. A static glibc would otherwise load the image's NSS modules, which
/// belong to another glibc, and crash. Call first in main, before any lookup. Does nothing on other
/// C libraries. See nss(5).
void pin_name_services();

}  // namespace bootsman
