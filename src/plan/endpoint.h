#pragma once

#include <string_view>

#include "base/result.h"
#include "plan/plan.h"

namespace bootsman {

/// An IPv4 address in four decimal numbers, or an IPv6 address (RFC 4291) without a zone.
bool is_ip_address(std::string_view text);

/// Reads "127.0.0.1:8080", "[::1]:8080" or "localhost:8080" (which is 127.0.0.1). Names are
/// refused: the init's loop never waits for DNS.
Result<ListenAddress> parse_endpoint(std::string_view text);

/// Reads "http://HOST[:PORT][/PATH][?QUERY]" with such a host.
Result<HttpProbe> parse_probe_url(std::string_view text);

}  // namespace bootsman
