#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "plan/gateway_plan.h"
#include "wire/http.h"

namespace bootsman {

/// What the routes of the HTTP port ask for, each worked out only when it is asked.
struct PortView {
  std::function<Verdict()> health;
  std::function<Verdict()> ready;
  std::function<Verdict()> startup;
  std::function<Response(const Request&)> metrics;
  const GatewayPlan* gateway = nullptr;                      ///< Null: there is none.
  std::function<Response(const Request&)> status_page = {};  ///< Empty: it is off.
  std::function<Response(const Request&)> logs = {};         ///< Empty: they are off.
  std::function<std::vector<UnitStatus>()> units = {};  ///< For `?verbose`; empty: none are listed.
};

/// The most reasons that one answer names; how many more there are is said.
inline constexpr std::size_t kReasonsMax = 100;

/// Answers one request of the HTTP port, by the table of routes. `/health`, `/health/ready` and
/// `/health/startup`: 200 `{"health": "true"}` or 503 `{"health": "false", "reasons": [{"unit": …,
/// "why": …}]}`, with `?verbose` also `"units": [{"unit": …, "state": …, "why": …}]`;
/// `/health/live`: always 200; `/-/metrics`, also `/metrics`: see
/// metrics_response(); `/-/status`, also `/status`: see status_page(); `/-/logs`: see page_logs(). What the gateway says itself
/// comes first (route_request()); what it passes on never gets here. Another path: 404; another
/// method than GET and HEAD: 405.
Response answer(const Request& request, const PortView& view);

}  // namespace bootsman
