#include "plan/plan_gateway.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/tree.h"
#include "plan/endpoint.h"
#include "plan/gateway_path.h"

namespace bootsman {
namespace {

Result<Upstream> parse_socket(std::string_view path) {
  Upstream upstream;
  if (path.starts_with('@') && path.size() > 1 && path.size() <= kSocketPathMax) {
    upstream.socket = path;
    return upstream;
  }
  auto parsed = parse_socket_path(path);
  if (!parsed)
    return fail(parsed.error().message() + "; unix:@NAME is an abstract socket");
  upstream.socket = std::move(*parsed);
  return upstream;
}

bool is_loopback_or_any(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || host == "0.0.0.0" || host == "::";
}

bool same_place(const std::string& a, const std::string& b) {
  return a == b || (is_loopback_or_any(a) && is_loopback_or_any(b));
}

/// The unit that says it is ready when this upstream answers.
std::optional<UnitIndex> unit_behind(const Upstream& upstream, const Plan& plan) {
  for (std::uint32_t i = 0; i < plan.units.size(); ++i) {
    const auto& ready = plan.units[i].ready;
    if (!ready) continue;
    const auto asks = [&](const auto& probe) {
      return probe.port == upstream.port && same_place(probe.host, upstream.host);
    };
    const auto* tcp = std::get_if<TcpProbe>(&ready->probe);
    const auto* http = std::get_if<HttpProbe>(&ready->probe);
    const auto* file = std::get_if<FileProbe>(&ready->probe);
    if ((tcp != nullptr && asks(*tcp)) || (http != nullptr && asks(*http)) ||
        (file != nullptr && !upstream.socket.empty() && file->path == upstream.socket))
      return UnitIndex{i};
  }
  return std::nullopt;
}

bool is_ourselves(const Upstream& upstream, const HttpPlan& http) {
  return http.enabled && std::ranges::any_of(http.listen, [&](const ListenAddress& address) {
           if (!upstream.socket.empty()) return socket_of(address) == upstream.socket;
           return address.port == upstream.port && same_place(address.host, upstream.host);
         });
}

class RoutePlanner {
 public:
  RoutePlanner(const RouteConfig& config, const Config& whole, const Plan& plan,
               Diagnostics& diagnostics)
      : config_(config), whole_(whole), plan_(plan), diagnostics_(diagnostics) {}

  std::optional<GatewayRoute> make() {
    route_.prefix = config_.prefix;
    if (config_.broken) return std::nullopt;
    if (const std::string wrong = wrong_prefix(route_.prefix); !wrong.empty()) {
      diagnostics_.error(config_.at, table(), wrong);
      return std::nullopt;
    }
    const std::string* prefix = config_.settings.get<std::string>("prefix");
    route_.strip = prefix != nullptr && *prefix == "strip";
    timeout("connect_timeout", route_.connect_timeout);
    timeout("response_timeout", route_.response_timeout);
    timeout("idle_timeout", route_.idle_timeout);
    if (!secrets() || !to()) return std::nullopt;
    return std::move(route_);
  }

 private:
  std::string table() const { return key_path("gateway.routes", config_.prefix); }
  bool wrong(std::string_view key, std::string text) {
    const Setting* setting = config_.settings.find(key);
    diagnostics_.error(setting == nullptr ? config_.at : setting->at,
                       table() + "." + std::string(key), std::move(text));
    return false;
  }

  void timeout(const std::string& key, Millis& target) {
    whole_.settings.read<Millis>("gateway." + key, target);
    config_.settings.read<Millis>(key, target);
  }

  bool to() {
    const Setting* setting = config_.settings.find("to");
    if (setting == nullptr) return wrong("to", "is missing: write to = \"http://127.0.0.1:PORT\"");
    if (setting->unresolved) return false;
    auto upstream = parse_upstream(*config_.settings.get<std::string>("to"));
    if (!upstream) return wrong("to", upstream.error().message());
    if (is_ourselves(*upstream, plan_.http))
      return wrong("to", "is the init's own HTTP port: a request would go round for ever");
    route_.upstream = std::move(*upstream);
    route_.unit = unit_behind(route_.upstream, plan_);
    return true;
  }

  bool secrets() {
    const Setting* bearer = config_.settings.find("bearer");
    const Setting* basic = config_.settings.find("basic");
    if (bearer != nullptr && basic != nullptr)
      return wrong("basic", "can't stand beside bearer: a request brings one Authorization only");
    config_.settings.read<std::string>("bearer", route_.bearer);
    config_.settings.read<std::string>("basic", route_.basic);
    // An empty secret would open the route that somebody wanted closed.
    if (bearer != nullptr && !bearer->unresolved && route_.bearer.empty())
      return wrong("bearer", "must not be empty");
    if (basic != nullptr && !basic->unresolved &&
        (route_.basic.find(':') == std::string::npos || route_.basic.starts_with(':')))
      return wrong("basic", "must be USER:PASSWORD");
    return true;
  }

  const RouteConfig& config_;
  const Config& whole_;
  const Plan& plan_;
  Diagnostics& diagnostics_;
  GatewayRoute route_;
};

}  // namespace

Result<Upstream> parse_upstream(std::string_view text) {
  const std::string intent = "cannot use the upstream \"" + printable(text, 120) + "\"";
  constexpr std::string_view kHttp = "http://", kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    auto upstream = parse_socket(text.substr(kUnix.size()));
    if (!upstream) return fail(std::move(upstream).error().within(intent));
    return upstream;
  }
  if (text.starts_with("https://"))
    return fail(intent + ": the gateway speaks plain HTTP to what runs in its container");
  if (!text.starts_with(kHttp)) return fail(intent + ": it must begin with http:// or unix:");
  const std::string_view authority = text.substr(kHttp.size());
  if (authority.find_first_of("/?#") != authority.npos)
    return fail(intent +
                ": write no path behind the port; prefix = \"strip\" takes the route's "
                "own prefix away");
  auto endpoint = parse_endpoint(authority);
  if (!endpoint) return fail(std::move(endpoint).error().within(intent));
  return Upstream{std::move(endpoint->host), endpoint->port, ""};
}

GatewayPlan plan_gateway(const Config& config, const Plan& plan, Diagnostics& diagnostics) {
  GatewayPlan gateway;
  config.settings.read<bool>("gateway.access_log", gateway.access_log);
  bool enabled = true;
  config.settings.read<bool>("gateway.enabled", enabled);
  if (!enabled) return gateway;
  for (const RouteConfig& route : config.routes)
    if (auto made = RoutePlanner(route, config, plan, diagnostics).make())
      gateway.routes.push_back(std::move(*made));
  std::ranges::stable_sort(gateway.routes, std::ranges::greater{},
                           [](const GatewayRoute& route) { return route.prefix.size(); });
  return gateway;
}

}  // namespace bootsman
