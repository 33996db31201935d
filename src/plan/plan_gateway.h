#pragma once

#include <string_view>

#include "base/result.h"
#include "config/diagnostic.h"
#include "config/model.h"
#include "plan/gateway_plan.h"
#include "plan/plan.h"

namespace bootsman {

/// Reads an upstream: "http://127.0.0.1:5000", "http://[::1]:5000", "http://localhost:5000",
/// "unix:/run/app.sock" or "unix:@app". Names are refused: the init's loop never waits for DNS. So
/// are sockets elsewhere: a path may lie on a mount that hangs.
Result<Upstream> parse_upstream(std::string_view text);

/// The gateway of the configuration; empty when it is off. Needs the plan's units and listeners:
/// finds the unit behind an upstream by its ready check, and refuses a route to the init itself.
GatewayPlan plan_gateway(const Config& config, const Plan& plan, Diagnostics& diagnostics);

}  // namespace bootsman
