#include "shell/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

#include "plan/endpoint.h"

namespace bootsman {

std::string say_address(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string say_address(const ListenAddress& address) {
  return socket_of(address).empty() ? say_address(address.host, address.port) : address.host;
}

Result<SocketAddress> socket_address(const ListenAddress& address) {
  const std::string path(socket_of(address));
  if (path.empty()) return socket_address(address.host, address.port);
  sockaddr_un local{};
  if (path.size() >= sizeof local.sun_path)
    return fail("cannot use " + path + ": the path is too long for a socket");
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.c_str(), path.size() + 1);
  SocketAddress made;
  std::memcpy(&made.storage, &local, sizeof local);
  made.size = sizeof local;
  return made;
}

Result<SocketAddress> socket_address(const std::string& host, std::uint16_t port) {
  SocketAddress address;
  sockaddr_in v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.size = sizeof v4;
    return address;
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = sizeof v6;
    return address;
  }
  return fail("cannot use \"" + host + "\" as an address: it is neither IPv4 nor IPv6 in numbers");
}

}  // namespace bootsman
