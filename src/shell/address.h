#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "plan/plan.h"

namespace bootsman {

/// A numeric address as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

/// "127.0.0.1:80", "[::1]:80", "unix:/run/x".
std::string say_address(const ListenAddress& address);
std::string say_address(const std::string& host, std::uint16_t port);

/// The address of either kind. A path that is too long is an error.
Result<SocketAddress> socket_address(const ListenAddress& address);

/// Reads a numeric IPv4 or IPv6 address (without brackets). Names are errors: nothing is resolved.
Result<SocketAddress> socket_address(const std::string& host, std::uint16_t port);

}  // namespace bootsman
