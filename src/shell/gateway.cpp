#include "shell/gateway.h"

#include <utility>

#include "base/text.h"

namespace bootsman {

Gateway::Gateway(uv_loop_t* loop, const GatewayPlan& plan, Hooks hooks)
    : plan_(plan), hooks_(std::move(hooks)) {
  if (plan_.routes.empty()) return;
  buffer_ = std::make_unique_for_overwrite<std::array<char, 64 * 1024>>();
  shared_.loop = loop;
  shared_.buffer = *buffer_;
  shared_.trouble = hooks_.trouble;
  shared_.done = [this](const GatewayRoute& route, const Request& head, int status,
                        std::uint64_t bytes, Millis took) {
    done(route, head, status, bytes, took);
  };
  numbers_.routes.resize(plan_.routes.size());
}

Passing Gateway::passing() {
  if (plan_.routes.empty()) return {};
  return {[this](const Request& head) {
            return std::holds_alternative<PassOn>(route_request(head, plan_));
          },
          [this](PassageStart start) {
            auto to = std::get<PassOn>(route_request(start.head, plan_));
            return std::make_shared<GatewayExchange>(shared_, std::move(start), std::move(to));
          }};
}

const GatewayNumbers& Gateway::numbers() {
  numbers_.under_way = shared_.under_way;
  return numbers_;
}

void Gateway::done(const GatewayRoute& route, const Request& head, int status, std::uint64_t bytes,
                   Millis took) {
  RouteNumbers& numbers = numbers_.routes[static_cast<std::size_t>(&route - plan_.routes.data())];
  const auto kind = static_cast<std::size_t>(status) / 100;
  ++numbers.answers[kind < numbers.answers.size() ? kind : 0];
  numbers.sent_bytes += bytes;
  if (kind != 1) numbers.took += took;
  if (!plan_.access_log) return;
  hooks_.access(head.method + " " + printable(head.path, 200) + " " +
                (status == 0 ? "unanswered" : std::to_string(status)) + ", " +
                std::to_string(bytes) + " bytes in " + std::to_string(took.count()) + " ms");
}

}  // namespace bootsman
