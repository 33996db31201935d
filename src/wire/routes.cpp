#include "wire/routes.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "wire/gateway.h"

namespace bootsman {

namespace {

// Spaces stand as Python's json.dumps sets them: what probes this port compares the bytes.
constexpr std::string_view kHealthy = R"({"health": "true"})";

std::string unhealthy(const Verdict& verdict) {
  std::string body = R"({"health": "false", "reasons": [)";
  const auto add = [&body](std::string_view unit, std::string_view why) {
    if (!body.ends_with('[')) body += ", ";
    body += R"({"unit": )" + to_json(Value(unit)) + R"(, "why": )" + to_json(Value(why)) + "}";
  };
  const auto named = std::min(verdict.reasons.size(), kReasonsMax);
  for (std::size_t i = 0; i < named; ++i) add(verdict.reasons[i].unit, verdict.reasons[i].why);
  if (named < verdict.reasons.size()) {
    add("", "and " + std::to_string(verdict.reasons.size() - named) + " more");
  }
  return body + "]}";
}

/// The bare word, as people type it: "?verbose", also beside others.
bool is_verbose(const Request& request) {
  for (const std::string_view word : split(request.query, '&'))
    if (word == "verbose" || word.starts_with("verbose=")) return true;
  return false;
}

/// The body, which is one JSON object, with the units at its end.
std::string with_units(std::string body, const std::vector<UnitStatus>& units) {
  body.pop_back();
  body += R"(, "units": [)";
  for (const UnitStatus& unit : units) {
    if (!body.ends_with('[')) body += ", ";
    body += R"({"unit": )" + to_json(Value(unit.id)) + R"(, "state": )" +
            to_json(Value(to_text(unit.state))) + R"(, "why": )" + to_json(Value(unit.why)) + "}";
  }
  return body + "]}";
}

Response say(const Verdict& verdict) {
  Response response;
  response.status = verdict.ok ? 200 : 503;
  response.body = verdict.ok ? std::string(kHealthy) : unhealthy(verdict);
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

Response say(const Verdict& verdict, const PortView& view, const Request& request) {
  Response response = say(verdict);
  if (view.units && is_verbose(request))
    response.body = with_units(std::move(response.body), view.units());
  return response;
}

struct Route {
  std::string_view path;
  Response (*answer)(const PortView& view, const Request& request);
};

Response metrics(const PortView& view, const Request& request) {
  return view.metrics(request);
}

Response page(const PortView& view, const Request& request) {
  return view.status_page(request);
}

Response logs(const PortView& view, const Request& request) {
  return view.logs(request);
}

constexpr std::array<Route, 9> kRoutes{{
    {"/health", [](const PortView& view, const Request& r) { return say(view.health(), view, r); }},
    {"/health/live", [](const PortView&, const Request&) { return say(Verdict{}); }},
    {"/health/ready",
     [](const PortView& view, const Request& r) { return say(view.ready(), view, r); }},
    {"/health/startup",
     [](const PortView& view, const Request& r) { return say(view.startup(), view, r); }},
    {"/-/metrics", metrics},
    {"/metrics", metrics},
    {"/-/status", page},
    {"/-/logs", logs},
    {"/status", page},
}};

}  // namespace

Response answer(const Request& request, const PortView& view) {
  if (view.gateway != nullptr) {
    auto verdict = route_request(request, *view.gateway);
    if (auto* said = std::get_if<Response>(&verdict)) return std::move(*said);
  }
  const auto route = std::ranges::find(kRoutes, request.path, &Route::path);
  const bool off = route != kRoutes.end() && ((route->answer == page && !view.status_page) ||
                                              (route->answer == logs && !view.logs));
  if (route == kRoutes.end() || off) {
    return plain_response(404, "nothing is served here; try /health");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto refused = plain_response(405, "only GET and HEAD are answered here");
    refused.headers.push_back({"Allow", "GET, HEAD"});
    return refused;
  }
  return route->answer(view, request);
}

}  // namespace bootsman
