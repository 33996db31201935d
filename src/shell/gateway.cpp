#include "shell/gateway.h"

#include <utility>

#include "base/text.h"

namespace bootsman {

Gateway::Gateway(uv_loop_t* loop, const GatewayPlan& plan, Hooks hooks)
    : plan_(plan), hooks_(std::move(hooks)) {
  if (plan_.routes.empty()) return;
  buffer_ = std::make_unique<std::array<char, 64 * 1024>>();
  shared_.loop = loop;
  shared_.buffer = *buffer_;
  shared_.trouble = hooks_.trouble;
  shared_.done = [this](const Request& head, int status, std::uint64_t bytes, Millis took) {
    done(head, status, bytes, took);
  };
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

void Gateway::done(const Request& head, int status, std::uint64_t bytes, Millis took) {
  if (!plan_.access_log) return;
  hooks_.access(head.method + " " + printable(head.path, 200) + " " +
                (status == 0 ? "unanswered" : std::to_string(status)) + ", " +
                std::to_string(bytes) + " bytes in " + std::to_string(took.count()) + " ms");
}

}  // namespace bootsman
