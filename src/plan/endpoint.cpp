#include "plan/endpoint.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {
namespace {

bool is_ipv4(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           const std::optional<std::uint64_t> number = parse_number(part);
           return number && *number <= 255 && part.size() <= 3 &&
                  (part.size() == 1 || part[0] != '0');
         });
}

/// RFC 4291, section 2.2; no zone.
bool is_ipv6(std::string_view text) {
  const auto is_group = [](std::string_view part) {
    return !part.empty() && part.size() <= 4 &&
           part.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  };
  const auto count = [&](std::string_view half, bool last) -> std::optional<std::size_t> {
    if (half.empty()) return 0;
    const std::vector<std::string_view> parts = split(half, ':');
    std::size_t groups = parts.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (is_group(parts[i])) continue;
      if (!last || i + 1 < parts.size() || !is_ipv4(parts[i])) return std::nullopt;
      ++groups;  // The IPv4 form stands for two.
    }
    return groups;
  };
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return count(text, true) == 8u;
  const auto before = count(text.substr(0, gap), false), after = count(text.substr(gap + 2), true);
  return before && after && *before + *after <= 7;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  const std::optional<std::uint64_t> port = parse_number(text);
  if (!port || *port == 0 || *port > 65535)
    return fail("the port must be a number from 1 to 65535");
  return static_cast<std::uint16_t>(*port);
}

Result<std::string> parse_host(std::string_view text) {
  if (text == "localhost") return "127.0.0.1";
  if (text.starts_with('[') && text.ends_with(']')) {
    const std::string_view inner = text.substr(1, text.size() - 2);
    if (is_ipv6(inner)) return std::string(inner);
  }
  if (is_ipv4(text)) return std::string(text);
  return fail("the host must be a numeric address or localhost" +
              std::string(is_ipv6(text) ? ", IPv6 in brackets: [" + std::string(text) + "]" : ""));
}

struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

HostPort split_host(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  const bool inside =
      bracket != std::string_view::npos && colon != std::string_view::npos && colon < bracket;
  if (colon == std::string_view::npos || inside) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

bool is_ip_address(std::string_view text) {
  return is_ipv4(text) || is_ipv6(text);
}

Result<ListenAddress> parse_endpoint(std::string_view text) {
  const std::string intent = "cannot read the address \"" + printable(text, 80) + "\"";
  const HostPort parts = split_host(text);
  if (!parts.port) return fail(intent + ": write HOST:PORT, for instance \"127.0.0.1:8080\"");
  Result<std::string> host = parse_host(parts.host);
  if (!host) return fail(std::move(host).error().within(intent));
  Result<std::uint16_t> port = parse_port(*parts.port);
  if (!port) return fail(std::move(port).error().within(intent));
  return ListenAddress{std::move(*host), *port};
}

Result<std::string> parse_socket_path(std::string_view path) {
  if (path.size() > kSocketPathMax)
    return fail("the path of a socket can't be longer than " + std::to_string(kSocketPathMax) +
                " bytes");
  for (const std::string_view folder : {"/run/", "/var/run/", "/tmp/"})
    if (path.starts_with(folder) && path.size() > folder.size() && !path.ends_with('/') &&
        path.find("/../") == path.npos)
      return std::string(path);
  return fail(
      "the socket must lie below /run, /var/run or /tmp: elsewhere a mount that hangs would stop "
      "the init");
}

Result<ListenAddress> parse_listen(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (!text.starts_with(kUnix)) return parse_endpoint(text);
  if (auto path = parse_socket_path(text.substr(kUnix.size())); !path)
    return fail(std::move(path).error().within("cannot listen on \"" + printable(text, 120) + "\""));
  return ListenAddress{std::string(text), 0};
}

Result<HttpProbe> parse_probe_url(std::string_view text) {
  const std::string intent = "cannot read the URL \"" + printable(text, 120) + "\"";
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return fail(intent + ": it must begin with http://");
  const bool clean = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
  if (!clean) return fail(intent + ": write spaces and non-ASCII characters as %XX");
  std::string_view rest = text.substr(kScheme.size());
  if (rest.find('#') != std::string_view::npos)
    return fail(intent + ": a probe takes no #fragment");
  const std::size_t path = rest.find_first_of("/?");
  const HostPort parts = split_host(rest.substr(0, path));
  HttpProbe probe;
  Result<std::string> host = parse_host(parts.host);
  if (!host) return fail(std::move(host).error().within(intent));
  probe.host = std::move(*host);
  if (parts.port) {
    Result<std::uint16_t> port = parse_port(*parts.port);
    if (!port) return fail(std::move(port).error().within(intent));
    probe.port = *port;
  }
  if (path != std::string_view::npos)
    probe.path = (rest[path] == '?' ? "/" : "") + std::string(rest.substr(path));
  return probe;
}

}  // namespace bootsman
