#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "plan/plan.h"

namespace bootsman {

/// An IPv4 address in four decimal numbers, or an IPv6 address (RFC 4291) without a zone.
bool is_ip_address(std::string_view text);

/// Reads "127.0.0.1:8080", "[::1]:8080" or "localhost:8080" (which is 127.0.0.1). Names are
/// refused: the init's loop never waits for DNS.
Result<ListenAddress> parse_endpoint(std::string_view text);

/// Bytes of a unix socket's path, or of "@NAME": sun_path of unix(7), less the path's end.
inline constexpr std::size_t kSocketPathMax = 107;

/// Reads the path of a unix socket that PID 1 may open: below /run, /var/run or /tmp, where no mount
/// of a user's hangs.
Result<std::string> parse_socket_path(std::string_view path);

/// Reads "HOST:PORT" as parse_endpoint() does, or "unix:/PATH", which becomes the host, without a
/// port.
Result<ListenAddress> parse_listen(std::string_view text);

/// The path of a unix socket that such an address names; else empty.
inline std::string_view socket_of(const ListenAddress& address) {
  constexpr std::string_view kUnix = "unix:";
  const std::string_view host = address.host;
  return host.starts_with(kUnix) ? host.substr(kUnix.size()) : std::string_view();
}

/// Reads "http://HOST[:PORT][/PATH][?QUERY]" with such a host.
Result<HttpProbe> parse_probe_url(std::string_view text);

}  // namespace bootsman
