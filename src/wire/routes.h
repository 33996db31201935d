#pragma once

#include <functional>
#include <string_view>

#include "core/status.h"
#include "wire/http.h"

namespace bootsman {

/// What the health routes ask the core, each worked out only when it is asked.
struct HealthView {
  std::function<Verdict()> health;
  std::function<Verdict()> ready;
  std::function<Verdict()> startup;
};

/// The view of a plan and its state, both of which must outlive it.
inline HealthView health_view(const Plan& plan, const State& state) {
  return {[&] { return health_verdict(plan, state); }, [&] { return ready_verdict(plan, state); },
          [&] { return startup_verdict(plan, state); }};
}

/// The most reasons that one answer names; how many more there are is said.
inline constexpr std::size_t kReasonsMax = 100;

/// Answers one request of the HTTP port, by the table of routes. `/health`, `/health/ready` and
/// `/health/startup`: 200 `{"health": "true"}` or 503 `{"health": "false", "reasons": [{"unit": …,
/// "why": …}]}`; `/health/live`: always 200. Another path: 404; another method than GET and HEAD:
/// 405.
Response answer(const Request& request, const HealthView& view);

}  // namespace bootsman
