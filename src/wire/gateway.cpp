#include "wire/gateway.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/letter_case.h"
#include "base/text.h"
#include "plan/gateway_path.h"
#include "wire/query.h"

namespace bootsman {
namespace {

/// Takes as long for a wrong secret as for the right one.
bool same_secret(std::string_view given, std::string_view wanted) {
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(given[i]) ^
                  static_cast<unsigned char>(wanted[wanted.empty() ? 0 : i % wanted.size()]);
  return difference == 0;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    const auto count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

/// "Basic Zm9v" → the part behind the scheme, when it is that one.
std::string_view credentials(std::string_view header, std::string_view scheme) {
  const auto space = header.find(' ');
  if (space == header.npos || lower(header.substr(0, space)) != scheme) return {};
  return trim(header.substr(space));
}

Response ask_for_secret(const GatewayRoute& route) {
  auto response = plain_response(401, "this path needs a secret");
  response.headers.push_back({"WWW-Authenticate", route.bearer.empty()
                                                      ? R"(Basic realm="bootsman", charset="UTF-8")"
                                                      : R"(Bearer realm="bootsman")"});
  return response;
}

std::string with_query(std::string_view path, const Request& head) {
  const bool has_query = head.target.find('?') != head.target.npos;
  return std::string(path) + (has_query ? "?" + head.query : "");
}

/// What stands behind the prefix and its slashes ("//x" would be another host's path to some);
/// nothing when the path is not written as the prefix is.
std::optional<std::string_view> without_prefix(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!prefix.ends_with('/') && !path.empty() && path[0] != '/') return std::nullopt;
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

/// A prefix, which stands in the configuration as people read it, for a header.
std::string as_location(std::string_view prefix) {
  std::string text;
  for (const char c : prefix)
    text += c > 0x20 && c < 0x7f ? std::string(1, c) : percent_encode({&c, 1});
  return text;
}

/// "/lab" where only "/lab/" has a route of its own: a relative link there would lead astray.
const GatewayRoute* folder_of(const std::string& canonical, const GatewayPlan& plan) {
  const auto found = std::ranges::find(plan.routes, canonical + "/", &GatewayRoute::prefix);
  return found == plan.routes.end() ? nullptr : &*found;
}

std::vector<std::string> tokens(const std::vector<Header>& headers, std::string_view name) {
  std::vector<std::string> found;
  for (const Header& header : headers)
    if (lower(header.name) == name)
      for (const std::string_view token : split(header.value, ','))
        if (const auto word = trim(token); !word.empty()) found.push_back(lower(word));
  return found;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Whether the client wants another protocol. HTTP/2 in plain text is not passed on: inside it
/// requests would go past the routes and their secrets.
bool wants_upgrade(const Request& head) {
  const auto protocols = tokens(head.headers, "upgrade");
  return !head.http_1_0 && !protocols.empty() && !contains(protocols, "h2c") &&
         contains(tokens(head.headers, "connection"), "upgrade");
}

/// Headers of one connection only (RFC 9110, 7.6.1), and those that are written anew.
bool is_dropped(const std::string& name, const std::vector<std::string>& named) {
  constexpr std::array<std::string_view, 9> kDropped{
      "connection", "keep-alive",     "proxy-connection",  "te",     "trailer",
      "upgrade",    "content-length", "transfer-encoding", "expect",
  };
  return std::ranges::find(kDropped, name) != kDropped.end() || contains(named, name);
}

void add_header(std::string& out, std::string_view name, std::string_view value) {
  for (const std::string_view part : {name, std::string_view(": "), value})
    for (const char c : part) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  out += "\r\n";
}

/// Passed on, but for those that follow from `head` and the route.
bool is_rewritten(const std::string& name, const GatewayRoute& route) {
  return name == "host" || name.starts_with("x-forwarded-") || name == "proxy-authorization" ||
         (name == "authorization" && !(route.bearer.empty() && route.basic.empty()));
}

void add_forwarded(std::string& out, const Request& head, const GatewayRoute& route,
                   const std::string& host, std::string_view client) {
  std::string chain;
  for (const Header& header : head.headers)
    if (header.name == "x-forwarded-for") chain += (chain.empty() ? "" : ", ") + header.value;
  if (!client.empty()) (chain += chain.empty() ? "" : ", ") += client;
  if (!chain.empty()) add_header(out, "X-Forwarded-For", chain);
  const auto kept = [&](const char* name, std::string_view otherwise) {
    const std::string* given = head.header(name);
    return given != nullptr && !given->empty() ? std::string_view(*given) : otherwise;
  };
  add_header(out, "X-Forwarded-Proto", kept("x-forwarded-proto", "http"));
  add_header(out, "X-Forwarded-Host", kept("x-forwarded-host", host));
  if (const std::string* port = head.header("x-forwarded-port"))
    add_header(out, "X-Forwarded-Port", *port);
  std::string prefix(kept("x-forwarded-prefix", ""));
  if (route.strip && route.prefix != "/") {
    prefix += route.prefix;
    if (prefix.ends_with('/')) prefix.pop_back();
  }
  if (!prefix.empty()) add_header(out, "X-Forwarded-Prefix", prefix);
}

std::string host_of(const Upstream& upstream) {
  if (upstream.host.empty()) return "localhost";
  const bool v6 = upstream.host.find(':') != upstream.host.npos;
  return (v6 ? "[" + upstream.host + "]" : upstream.host) + ":" + std::to_string(upstream.port);
}

/// A path that a stripped upstream redirects to, as the client knows it.
std::string with_prefix(const GatewayRoute& route, const std::string& location) {
  const bool path = location.starts_with('/') && !location.starts_with("//");
  if (!route.strip || !path) return location;
  const bool slash = route.prefix.ends_with('/');
  return route.prefix.substr(0, route.prefix.size() - (slash ? 1 : 0)) + location;
}

}  // namespace

bool may_pass(const Request& head, const GatewayRoute& route) {
  if (route.bearer.empty() && route.basic.empty()) return true;
  const auto is_authorization = [](const Header& h) { return h.name == "authorization"; };
  if (std::ranges::count_if(head.headers, is_authorization) != 1) return false;
  const std::string& given = *head.header("authorization");
  return route.bearer.empty() ? same_secret(credentials(given, "basic"), base64(route.basic))
                              : same_secret(credentials(given, "bearer"), route.bearer);
}

GatewayVerdict route_request(const Request& head, const GatewayPlan& plan) {
  if (plan.routes.empty() || !head.path.starts_with('/')) return NotRouted{};
  const auto canonical = canonical_path(head.path);
  if (!canonical) return plain_response(400, "this path can be read in two ways");
  if (is_reserved_path(*canonical)) return NotRouted{};
  const auto covers = [&](const GatewayRoute& r) { return route_covers(r.prefix, *canonical); };
  const auto found = std::ranges::find_if(plan.routes, covers);
  const GatewayRoute* folder = folder_of(*canonical, plan);
  const bool nearer =
      folder != nullptr && (found == plan.routes.end() || found->prefix.size() < canonical->size());
  if (nearer) {
    Response moved = plain_response(308, "this path ends with a slash");
    moved.headers.push_back({"Location", with_query(as_location(folder->prefix), head)});
    return moved;
  }
  if (found == plan.routes.end()) return NotRouted{};
  if (!may_pass(head, *found)) return ask_for_secret(*found);
  PassOn to{&*found, with_query(head.path, head), wants_upgrade(head)};
  if (found->strip && found->prefix != "/") {
    const auto rest = without_prefix(head.path, found->prefix);
    if (!rest) return plain_response(400, "this path can be read in two ways");
    to.target = with_query("/" + std::string(*rest), head);
  }
  return to;
}

std::string upstream_head(const Request& head, const PassOn& to, std::string_view client) {
  const std::string* given = head.header("host");
  const std::string host = !head.authority.empty()               ? head.authority
                           : given != nullptr && !given->empty() ? *given
                                                                 : host_of(to.route->upstream);
  std::string out = head.method + " " + to.target + " HTTP/1.1\r\n";
  add_header(out, "Host", host);
  const auto named = tokens(head.headers, "connection");
  for (const Header& header : head.headers)
    if (!is_dropped(header.name, named) && !is_rewritten(header.name, *to.route))
      add_header(out, header.name, header.value);
  add_forwarded(out, head, *to.route, host, client);
  if (head.chunked) {
    add_header(out, "Transfer-Encoding", "chunked");
  } else if (head.content_length) {
    add_header(out, "Content-Length", std::to_string(*head.content_length));
  }
  if (to.upgrade) add_header(out, "Upgrade", *head.header("upgrade"));
  add_header(out, "Connection", to.upgrade ? "Upgrade" : "close");
  return out += "\r\n";
}

ReplyFraming frame_reply(const ReplyHead& reply, const Request& request, bool request_over) {
  ReplyFraming framing;
  framing.close = !request.keep_alive || !request_over;
  if (!reply.has_body || reply.content_length) return framing;
  framing.chunked = !request.http_1_0;
  framing.close = framing.close || request.http_1_0;
  return framing;
}

std::string client_head(const ReplyHead& reply, const Request& request, const GatewayRoute& route,
                        ReplyFraming framing) {
  std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  for (const char c : reply.reason)
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  out += "\r\n";
  const auto named = tokens(reply.headers, "connection");
  for (const Header& header : reply.headers) {
    const std::string name = lower(header.name);
    if (name == "upgrade" && reply.status == 101) add_header(out, header.name, header.value);
    if (is_dropped(name, named)) continue;
    add_header(out, header.name,
               name == "location" ? with_prefix(route, header.value) : header.value);
  }
  if (reply.status == 101) {
    add_header(out, "Connection", "Upgrade");
    return out += "\r\n";
  }
  if (reply.content_length && reply.status >= 200 && reply.status != 204)
    add_header(out, "Content-Length", std::to_string(*reply.content_length));
  if (framing.chunked) add_header(out, "Transfer-Encoding", "chunked");
  if (reply.is_interim()) return out += "\r\n";
  if (framing.close) {
    add_header(out, "Connection", "close");
  } else if (request.http_1_0) {
    add_header(out, "Connection", "keep-alive");
  }
  return out += "\r\n";
}

}  // namespace bootsman
