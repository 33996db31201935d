#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/types.h"

namespace bootsman {

/// What went through one route of the gateway.
struct RouteNumbers {
  /// Requests by the first digit of the status that the client got; 0: it got none.
  std::array<std::uint64_t, 6> answers{};
  std::uint64_t sent_bytes = 0;  ///< To clients, heads included.
  Micros took{0};                ///< All requests together, upgrades (1xx) left out.
};

struct GatewayNumbers {
  std::vector<RouteNumbers> routes;  ///< In the order of the plan's.
  std::uint64_t under_way = 0;       ///< Requests and tunnels at this moment.
};

}  // namespace bootsman
