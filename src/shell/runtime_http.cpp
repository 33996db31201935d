#include "shell/clock.h"
#include "shell/runtime.h"

namespace bootsman {

Response Runtime::answer_http(const Request& request) {
  ++http_requests_;
  return answer(request,
                {[this] { return health_verdict(plan_, state_); },
                 [this] { return ready_verdict(plan_, state_); },
                 [this] { return startup_verdict(plan_, state_); },
                 [this](const Request& asked) { return metrics_response(asked, metrics_view()); },
                 &web_.gateway});
}

Gateway::Hooks Runtime::gateway_hooks() {
  return {[this](const GatewayRoute& route, const UpstreamTrouble& trouble) {
            return trouble_response(trouble, route, plan_, state_, mono_now());
          },
          [this](const std::string& line) { say(Severity::Info, line); }};
}

MetricsView Runtime::metrics_view() const {
  MetricsView view{plan_,
                   state_,
                   checks_.counts(),
                   {},
                   logs_.own_counts(),
                   usage_.read(),
                   own_usage(),
                   oom_.since_start(),
                   orphans_,
                   http_requests_,
                   server_.counts().refused + server_.counts().displaced,
                   mono_now(),
                   wall_clock_us()};
  for (std::uint32_t i = 0; i < plan_.units.size(); ++i)
    view.logs.push_back(logs_.counts(UnitIndex{i}));
  return view;
}

}  // namespace bootsman
