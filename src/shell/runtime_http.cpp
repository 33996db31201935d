#include <utility>

#include "shell/clock.h"
#include "shell/runtime.h"
#include "sys/random_bits.h"
#include "wire/page_logs.h"

namespace bootsman {
namespace {

/// What nobody can guess, in hex.
std::string nonce() {
  std::string text;
  for (int i = 0; i < 2; ++i) {
    constexpr std::string_view kHex = "0123456789abcdef";
    auto bits = random_bits();
    for (int digit = 0; digit < 16; ++digit, bits >>= 4) text += kHex[bits & 15];
  }
  return text;
}

}  // namespace

Response Runtime::answer_http(const Request& request) {
  ++http_requests_;
  return answer(
      request,
      {[this] { return health_verdict(plan_, state_); },
       [this] { return ready_verdict(plan_, state_); },
       [this] { return startup_verdict(plan_, state_); },
       [this](const Request& asked) { return metrics_response(asked, metrics_view()); },
       &web_.gateway,
       web_.status_page
           ? [this](const Request& asked) { return status_page(asked, page_view(), nonce()); }
           : std::function<Response(const Request&)>{},
       web_.status_page && !web_.logs_token.empty()
           ? [this](const Request& asked) {
               return page_logs(asked, {plan_, logs_.ring(), web_.logs_token, secret_marks_});
             }
           : std::function<Response(const Request&)>{},
       [this] { return unit_statuses(); }});
}

Answer Runtime::answer_port(const Request& request, Responder responder) {
  if (request.path != "/-/events" || !web_.status_page) return answer_http(request);
  ++http_requests_;
  if (request.method != "GET") {
    auto refused = plain_response(405, "only GET is answered here");
    refused.headers.push_back({"Allow", "GET"});
    return refused;
  }
  return status_feed_.watch(std::move(responder));
}

std::vector<UnitStatus> Runtime::unit_statuses() const {
  std::vector<UnitStatus> all;
  for (std::uint32_t i = 0; i < plan_.units.size(); ++i)
    all.push_back(unit_status(plan_, state_, UnitIndex{i}));
  return all;
}

PageView Runtime::page_view() const {
  return {plan_, state_, happened_, usage_.read(), mono_now(), wall_clock_us(),
          &mounts_.numbers(), !web_.logs_token.empty()};
}

Gateway::Hooks Runtime::gateway_hooks() {
  return {[this](const GatewayRoute& route, const UpstreamTrouble& trouble) {
            return trouble_response(trouble, route, plan_, state_, mono_now());
          },
          [this](const std::string& line) { say(Severity::Info, line); }};
}

MetricsView Runtime::metrics_view() {
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
                   wall_clock_us(),
                   &mounts_.numbers(),
                   &web_.gateway,
                   &gateway_.numbers()};
  for (std::uint32_t i = 0; i < plan_.units.size(); ++i)
    view.logs.push_back(logs_.counts(UnitIndex{i}));
  return view;
}

}  // namespace bootsman
