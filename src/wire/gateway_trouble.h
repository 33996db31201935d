#pragma once

#include <string>

#include "core/state.h"
#include "plan/gateway_plan.h"
#include "wire/http.h"

namespace bootsman {

/// What kept a request from its answer.
struct UpstreamTrouble {
  enum class Kind : std::uint8_t {
    Unreachable,  ///< No connection.
    TooSlow,      ///< No connection, or no head of an answer, in time.
    Broken,       ///< No HTTP, or the connection ended before the head.
    NoPlace,      ///< As many requests as the gateway takes are under way.
  };
  Kind kind = Kind::Unreachable;
  std::string why;  ///< "connection refused"
};

/// The answer to the client. 503 with Retry-After while the unit behind the upstream is not ready
/// but may become so, or the boot is not done; otherwise 502, and 504 for TooSlow. Names the route
/// and the unit and what became of that, never an output of it.
Response trouble_response(const UpstreamTrouble& trouble, const GatewayRoute& route,
                          const Plan& plan, const State& state, MonoTime now);

}  // namespace bootsman
