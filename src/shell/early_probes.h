#pragma once

#include <string>

#include "shell/server.h"

namespace bootsman {

/// Answers probes of the HTTP port while the init, before its runtime is there, waits for
/// something: `/health` is 200, since booting is healthy; ready and startup are 503. Goes with the
/// object; then the addresses are free again.
class EarlyProbes {
 public:
  /// Listens where the plan says, as far as it can; what it can't the runtime will say. `unit` is
  /// what is waited for, and `why` what it does.
  EarlyProbes(uv_loop_t* loop, const Plan& plan, std::string unit, std::string why);
  EarlyProbes(const EarlyProbes&) = delete;
  EarlyProbes& operator=(const EarlyProbes&) = delete;
  ~EarlyProbes();

 private:
  Response answer_probe(const Request& request) const;

  uv_loop_t* loop_;
  std::string unit_;
  std::string why_;
  HttpServer server_;
};

}  // namespace bootsman
