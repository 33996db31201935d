#include "wire/routes.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/json.h"

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

Response say(const Verdict& verdict) {
  Response response;
  response.status = verdict.ok ? 200 : 503;
  response.body = verdict.ok ? std::string(kHealthy) : unhealthy(verdict);
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

struct Route {
  std::string_view path;
  Response (*answer)(const HealthView& view);
};

constexpr std::array<Route, 4> kRoutes{{
    {"/health", [](const HealthView& view) { return say(view.health()); }},
    {"/health/live", [](const HealthView&) { return say(Verdict{}); }},
    {"/health/ready", [](const HealthView& view) { return say(view.ready()); }},
    {"/health/startup", [](const HealthView& view) { return say(view.startup()); }},
}};

}  // namespace

Response answer(const Request& request, const HealthView& view) {
  const auto route = std::ranges::find(kRoutes, request.path, &Route::path);
  if (route == kRoutes.end()) {
    return plain_response(404, "nothing is served here; try /health");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto refused = plain_response(405, "only GET and HEAD are answered here");
    refused.headers.push_back({"Allow", "GET, HEAD"});
    return refused;
  }
  return route->answer(view);
}

}  // namespace bootsman
