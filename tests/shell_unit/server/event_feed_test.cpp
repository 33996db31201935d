#include "shell/event_feed.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "shell/server.h"
#include "shell_unit/server/client.h"

namespace bootsman {

namespace {

constexpr std::string_view kWatch = "GET / HTTP/1.0\r\n\r\n";

struct World {
  explicit World(std::size_t kept = 100, ServerLimits limits = {})
      : log(kept),
        feed(log),
        server(
            loop.get(),
            [this](const Request&, const Peer&, Responder responder) {
              return feed.watch(query, std::move(responder));
            },
            limits) {
    const auto result = server.listen({"127.0.0.1", 0});
    REQUIRE(result.has_value());
    port = *result;
  }
  void happen(std::string why) {
    log.add({0, 0, "state", "service.web", "idle", "ready", std::move(why)}, 1);
  }

  TestLoop loop;
  EventLog log;
  EventFeed feed;
  EventQuery query;
  HttpServer server;
  std::uint16_t port = 0;
};

}  // namespace

TEST_CASE("a watcher gets what was asked for of the past, and all that comes") {
  World world;
  world.happen("first");
  world.happen("second");
  world.query.count = 1;
  Client client(world.port);
  client.send(kWatch);
  REQUIRE(world.loop.run_until([&] { return count_of(client.received(), "data: ") == 1; }));
  CHECK(client.received().find("text/event-stream") != std::string::npos);
  world.feed.after_turn();
  world.happen("third");
  world.feed.after_turn();
  REQUIRE(world.loop.run_until([&] { return count_of(client.received(), "data: ") == 2; }));
  CHECK(client.received().find("first") == std::string::npos);
  CHECK(client.received().find("second") < client.received().find("third"));
  client.close();
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 0; }));
  world.happen("fourth");
  world.feed.after_turn();
  CHECK_FALSE(world.feed.watched());
}

TEST_CASE("a watcher that is too slow is told how much it missed, and holds nothing back") {
  ServerLimits limits;
  limits.stream = 64 * 1024;
  World world(50, limits);
  Client slow(world.port, 4096);
  Client quick(world.port);
  slow.send(kWatch);
  quick.send(kWatch);
  REQUIRE(world.loop.run_until([&] { return world.server.counts().accepted == 2; }));
  REQUIRE(world.loop.run_until([&] {
    quick.received();
    return count_of(slow.received(), "\r\n\r\n") == 1;
  }));
  const std::string long_why(2000, 'x');
  constexpr std::size_t kCount = 4000;
  for (std::size_t i = 0; i < kCount; ++i) {
    world.happen(long_why);
    world.feed.after_turn();
    world.loop.turn();
    if (i % 8 == 0) quick.received();
  }
  // Only the end is looked at again and again: there are megabytes before it.
  const auto has_last = [&](Client& client) {
    world.feed.after_turn();
    const std::string& text = client.received();
    const std::size_t end = text.size() - std::min<std::size_t>(text.size(), 8192);
    return text.ends_with("\n\n") && text.find("id: 4000\n", end) != std::string::npos;
  };
  REQUIRE(world.loop.run_until([&] { return has_last(quick); }));
  CHECK(count_of(quick.received(), "\ndata: ") == kCount);
  REQUIRE(world.loop.run_until([&] { return has_last(slow); }));
  CHECK(count_of(slow.received(), "event: lost\ndata: {\"lost\":") >= 1);
  CHECK(count_of(slow.received(), "event: state") < kCount);
}

}  // namespace bootsman
