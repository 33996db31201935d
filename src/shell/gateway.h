#pragma once

#include <array>
#include <functional>
#include <memory>

#include "shell/gateway_exchange.h"
#include "wire/gateway_numbers.h"

namespace bootsman {

/// The gateway of the HTTP port: passes requests on by the routes of the plan, on the loop. Its
/// clients have places of their own, so that they keep no probe out. The plan and the gateway
/// outlive all exchanges, which end with the server.
class Gateway {
 public:
  /// What it asks its owner: the answer to a request that got none, and a line for the access log
  /// (only when the plan wants one).
  struct Hooks {
    std::function<Response(const GatewayRoute&, const UpstreamTrouble&)> trouble;
    std::function<void(const std::string& line)> access;
  };

  Gateway(uv_loop_t* loop, const GatewayPlan& plan, Hooks hooks);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// For HttpServer::pass_on().
  Passing passing();

  /// What has gone through until now.
  const GatewayNumbers& numbers();

 private:
  void done(const GatewayRoute& route, const Request& head, int status, std::uint64_t bytes,
            Millis took);

  const GatewayPlan& plan_;
  Hooks hooks_;
  std::unique_ptr<std::array<char, 64 * 1024>> buffer_;
  GatewayShared shared_;
  GatewayNumbers numbers_;
};

}  // namespace bootsman
