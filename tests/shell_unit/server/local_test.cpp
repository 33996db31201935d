#include <doctest/doctest.h>
#include <sys/un.h>

#include <cstring>
#include <vector>

#include "shell/control_place.h"
#include "shell/server.h"
#include "shell_unit/helper/folder.h"
#include "shell_unit/server/client.h"

namespace bootsman {

namespace {

constexpr std::string_view kWait = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kNow = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server whose local door answers /now at once, /wait when the test says so.
struct World {
  explicit World(ServerLimits limits = {})
      : server(loop.get(), answering_at_once([](const Request&) {
                 return Response{200, "text/plain", {}, "tcp"};
               }),
               limits) {
    auto made = ControlSocket::open({{folder / "s", false}});
    REQUIRE(made);
    socket.emplace(std::move(*made));
    const auto listening = server.listen_local(
        socket->take(), [this](const Request& request, const Peer& peer, Responder responder) {
          return answer(request, peer, std::move(responder));
        });
    REQUIRE(listening.has_value());
    const auto tcp = server.listen({"127.0.0.1", 0});
    REQUIRE(tcp.has_value());
    port = *tcp;
  }

  Answer answer(const Request& request, const Peer& peer, Responder responder) {
    peers.push_back(peer);
    if (request.path == "/now") return Response{200, "text/plain", {}, "now"};
    waiting.push_back(std::move(responder));
    return AnswerLater{timeout, Response{504, "text/plain", {}, "overdue"}};
  }

  LocalClient connect() const { return LocalClient(folder / "s"); }
  bool waits(std::size_t count) {
    return loop.run_until([&] { return waiting.size() == count; });
  }

  test::Folder folder;
  TestLoop loop;
  HttpServer server;
  std::optional<ControlSocket> socket;
  std::uint16_t port = 0;
  Millis timeout{20'000};
  std::vector<Responder> waiting;
  std::vector<Peer> peers;
};

Response said(std::string text) {
  return {200, "text/plain", {}, std::move(text)};
}

}  // namespace

TEST_CASE("the local door knows its clients and answers by its own handler") {
  World world;
  auto local = world.connect();
  local.send(kNow);
  REQUIRE(world.loop.run_until([&] { return local.received().ends_with("\r\n\r\nnow"); }));
  REQUIRE(world.peers.size() == 1);
  CHECK(world.peers[0].uid == ::geteuid());
  CHECK(world.peers[0].pid == ::getpid());
  Client tcp(world.port);
  tcp.send(kNow);
  REQUIRE(world.loop.run_until([&] { return tcp.received().ends_with("\r\n\r\ntcp"); }));
  CHECK(world.peers.size() == 1);
}

TEST_CASE("an answer may come later, and the connection goes on") {
  World world;
  auto client = world.connect();
  client.send(kWait);
  REQUIRE(world.waits(1));
  CHECK(world.waiting[0].wanted());
  world.waiting[0].answer(said("late"));
  CHECK(!world.waiting[0].wanted());
  world.waiting[0].answer(said("twice"));
  REQUIRE(world.loop.run_until([&] { return client.received().ends_with("late"); }));
  client.send(kNow);
  REQUIRE(world.loop.run_until([&] { return client.received().ends_with("now"); }));
  CHECK(client.received().find("twice") == std::string::npos);
}

TEST_CASE("requests behind one that waits are answered in their order") {
  World world;
  auto client = world.connect();
  client.send(std::string(kNow) + std::string(kWait) + std::string(kNow));
  REQUIRE(world.waits(1));
  client.send(kNow);
  world.loop.turn();
  world.waiting[0].answer(said("late"));
  REQUIRE(world.loop.run_until([&] { return count_of(client.received(), "200 OK") == 4; }));
  const auto& bytes = client.received();
  CHECK(bytes.find("\r\n\r\nnow") < bytes.find("\r\n\r\nlate"));
  CHECK(bytes.find("\r\n\r\nlate") < bytes.rfind("\r\n\r\nnow"));
}

TEST_CASE("Connection: close ends the connection after a late answer") {
  World world;
  auto client = world.connect();
  client.send("GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  REQUIRE(world.waits(1));
  world.waiting[0].answer(said("late"));
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(client.received().ends_with("late"));
}

TEST_CASE("a client that goes while it waits is let go, and its answer dropped") {
  World world;
  auto client = world.connect();
  client.send(kWait);
  REQUIRE(world.waits(1));
  client.close();
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 0; }));
  CHECK(!world.waiting[0].wanted());
  world.waiting[0].answer(said("late"));
}

TEST_CASE("an answer that does not come in time is replaced, and dropped when it comes") {
  World world;
  world.timeout = Millis{30};
  auto client = world.connect();
  client.send(kWait);
  REQUIRE(world.loop.run_until([&] { return client.received().ends_with("overdue"); }));
  world.timeout = Millis{20'000};
  client.send(kWait);
  REQUIRE(world.waits(2));
  world.waiting[0].answer(said("of the first"));
  world.waiting[1].answer(said("of the second"));
  REQUIRE(world.loop.run_until([&] { return client.received().ends_with("of the second"); }));
  CHECK(client.received().find("of the first") == std::string::npos);
}

TEST_CASE("a client that floods while it waits is not read on") {
  World world;
  auto client = world.connect();
  client.send(kWait);
  REQUIRE(world.waits(1));
  std::size_t sent = 0;
  const std::string more(64 * 1024, 'x');
  for (int i = 0; i < 200; ++i) {
    sent += client.send(more);
    world.loop.turn();
  }
  CHECK(sent < 4 * 1024 * 1024);
}

TEST_CASE("local clients that wait keep nobody out of the TCP port, nor the other way round") {
  ServerLimits limits;
  limits.local = 2;
  limits.connections = 2;
  World world(limits);
  std::vector<LocalClient> waiting;
  for (std::size_t i = 1; i <= 2; ++i) {
    waiting.push_back(world.connect());
    waiting.back().send(kWait);
    REQUIRE(world.waits(i));
  }
  auto third = world.connect();
  REQUIRE(world.loop.run_until([&] { return third.ended(); }));
  CHECK(third.received().starts_with("HTTP/1.1 503 "));
  Client tcp(world.port);
  tcp.send(kNow);
  CHECK(world.loop.run_until([&] { return tcp.received().ends_with("tcp"); }));
  world.waiting[0].answer(said("late"));
  CHECK(world.loop.run_until([&] { return waiting[0].received().ends_with("late"); }));
}

TEST_CASE("a server that closes drops those who wait") {
  World world;
  auto client = world.connect();
  client.send(kWait);
  REQUIRE(world.waits(1));
  world.server.close();
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(!world.waiting[0].wanted());
}

}  // namespace bootsman
