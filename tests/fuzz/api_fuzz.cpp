#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "unit/core/bench.h"
#include "wire/api.h"
#include "wire/query.h"

// Whatever a client of the control socket asks for, the answer is one of the API: an error has a
// sentence, a body is JSON. And frames of a session are the same however they are cut.

namespace {

struct FuzzWorld {
  FuzzWorld() : bench(plan()) {
    for (std::size_t i = 0; i <= bench.plan.units.size(); ++i) ring.add_writer();
    bench.boot();
    bench.up("web");
    ring.add(1, {0, 1'000'000, 1, false, false, "a line"});
    events.add({0, 0, "state", "service.web", "idle", "ready", ""}, 1);
  }
  static bootsman::Plan plan() {
    bootsman::test::PlanBuilder builder;
    builder.service("web");
    builder.step("web");
    return builder.plan();
  }
  bootsman::test::Bench bench;
  bootsman::LogRing ring;
  bootsman::EventLog events;
};

void ask(bootsman::Request request) {
  static const FuzzWorld world;
  const auto answer = bootsman::answer_api(
      request, {world.bench.plan, world.bench.state, world.ring, world.events, world.bench.now, {}});
  const auto* response = std::get_if<bootsman::Response>(&answer);
  if (response == nullptr) return;
  const auto body = bootsman::parse_json(response->body);
  if (!body) __builtin_trap();
  if (response->status >= 400 && !body->get_string("error").starts_with("cannot ")) {
    __builtin_trap();
  }
}

std::string frames(std::string_view bytes, std::size_t step) {
  bootsman::FrameReader reader;
  std::string told;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const bool good = reader.feed(
        bytes.substr(at, step), [&](bootsman::FrameType type, std::string_view payload) {
          told += std::to_string(static_cast<int>(type)) + std::string(payload) + "\n";
        });
    if (!good) return told + "broken";
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto routes = bootsman::api_routes();
  const auto& route = routes[data[0] % routes.size()];
  bootsman::Request request;
  request.method = data[1] % 4 == 0 ? "HEAD" : std::string(route.method);
  request.path = route.path;
  request.headers = {{"connection", "upgrade"}, {"upgrade", "bootsman-session/1"}};
  if (data[1] % 2 == 0) {
    // The fuzzer writes the unit; else it writes the query.
    const auto unit = request.path.find("{unit}");
    if (unit != std::string::npos) request.path.replace(unit, 6, rest);
  } else {
    const auto unit = request.path.find("{unit}");
    if (unit != std::string::npos) request.path.replace(unit, 6, "service.web");
    request.query = rest;
  }
  ask(request);
  const auto decoded = bootsman::percent_decode(rest);
  const auto again = bootsman::percent_decode(bootsman::percent_encode(rest));
  if (!again || *again != rest) __builtin_trap();
  if (decoded && decoded->size() > rest.size()) __builtin_trap();
  if (frames(rest, 1 + data[1] % 7) != frames(rest, rest.size() + 1)) __builtin_trap();
  return 0;
}
