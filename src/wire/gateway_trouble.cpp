#include "wire/gateway_trouble.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {
namespace {

/// Seconds until another try may succeed; 0: nobody is on the way to mend it.
long retry_after(const UnitRuntime& unit, MonoTime now) {
  if (const auto* backoff = std::get_if<phase::Backoff>(&unit.phase)) {
    const auto wait = backoff->retry_at.value_or(now) - now;
    const auto left = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return std::clamp<long>(left + 1, 1, 3600);
  }
  switch (unit_state(unit.phase)) {
    case UnitState::Idle:
    case UnitState::Waiting:
    case UnitState::Starting:
    case UnitState::Running:
      return 2;
    default:
      return 0;
  }
}

Response with_retry(Response response, long seconds) {
  if (seconds > 0) response.headers.push_back({"Retry-After", std::to_string(seconds)});
  return response;
}

}  // namespace

Response trouble_response(const UpstreamTrouble& trouble, const GatewayRoute& route,
                          const Plan& plan, const State& state, MonoTime now) {
  const std::string of = "the upstream of " + printable(route.prefix, 80);
  if (trouble.kind == UpstreamTrouble::Kind::NoPlace)
    return with_retry(plain_response(503, "too many requests are under way"), 1);
  if (trouble.kind == UpstreamTrouble::Kind::TooSlow)
    return plain_response(504, of + " " + trouble.why);
  if (route.unit && route.unit->value < state.units.size()) {
    const UnitRuntime& unit = state.units[route.unit->value];
    const UnitState is = unit_state(unit.phase);
    if (is != UnitState::Ready) {
      std::string why = plan[*route.unit].id() + " is " + std::string(to_text(is));
      if (!unit.why.empty()) why += ": " + unit.why;
      return with_retry(plain_response(503, why), retry_after(unit, now));
    }
  } else if (std::holds_alternative<life::Booting>(state.life)) {
    return with_retry(plain_response(503, "the container is starting"), 2);
  }
  return plain_response(502, of + " " + trouble.why);
}

}  // namespace bootsman
