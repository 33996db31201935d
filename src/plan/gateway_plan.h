#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "plan/hooks_plan.h"

namespace bootsman {

/// Where requests are passed on to: a TCP port, or a unix socket when `host` is empty.
struct Upstream {
  std::string host;  ///< A numeric address.
  std::uint16_t port = 0;
  std::string socket;  ///< An absolute path, or "@NAME" of an abstract one.
  bool operator==(const Upstream&) const = default;
};

struct GatewayRoute {
  std::string prefix;  ///< "/", "/jupyter/" (all below it), "/api" (that path, and all below it).
  Upstream upstream;
  bool strip = false;  ///< The upstream does not see the prefix.
  std::string bearer;  ///< The token that a request must bring; empty: none.
  std::string basic;   ///< "USER:PASSWORD" that a request must bring; empty: none.
  Millis connect_timeout{5'000};
  Millis response_timeout{300'000};
  Millis idle_timeout{600'000};
  std::optional<UnitIndex> unit;  ///< The unit whose ready check asks the upstream.
  bool operator==(const GatewayRoute&) const = default;
};

/// What the HTTP port passes on. Without routes there is no gateway.
struct GatewayPlan {
  std::vector<GatewayRoute> routes;  ///< The longest prefix first.
  bool access_log = false;
  bool operator==(const GatewayPlan&) const = default;
};

/// What the HTTP port serves beside the init's own answers, and who is told of events. The core
/// knows nothing of it.
struct WebPlan {
  GatewayPlan gateway;
  HooksPlan hooks;
  bool status_page = true;  ///< The page for people, and the events that keep it up to date.
  std::string logs_token;   ///< Who brings it may read `/-/logs`; empty: nobody may.
};

}  // namespace bootsman
