#include <doctest/doctest.h>

#include <vector>

#include "shell/server.h"
#include "shell_unit/server/client.h"

namespace bootsman {

namespace {

constexpr std::string_view kStream = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kOldStream = "GET /stream HTTP/1.0\r\n\r\n";
constexpr std::string_view kNow = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kUpgrade =
    "POST /raw HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo/1\r\n"
    "Content-Length: 0\r\n\r\n";

/// A server that streams on /stream, speaks "echo/1" on /raw, and writes down what it is told.
struct World {
  explicit World(ServerLimits limits = {})
      : server(
            loop.get(),
            [this](const Request& request, const Peer&, Responder responder) {
              return answer(request, std::move(responder));
            },
            limits) {
    const auto result = server.listen({"127.0.0.1", 0});
    REQUIRE(result.has_value());
    port = *result;
  }

  StreamEvents events() {
    return {[this] { ++drained; }, [this](std::string_view bytes) { received += bytes; },
            [this] { ++ended; }, [this] { ++gone; }};
  }

  Answer answer(const Request& request, Responder responder) {
    streams.push_back(std::move(responder));
    const Response head{200, "text/event-stream", {}, first};
    if (request.path == "/stream") return AnswerStream{head, events(), length};
    if (request.path == "/raw") {
      if (!wants_upgrade(request, "echo/1")) return plain_response(426, "this speaks echo/1 only");
      return AnswerUpgrade{"echo/1", head, events()};
    }
    if (request.path == "/later") return AnswerLater{Millis{20'000}, {}};
    return Response{200, "text/plain", {}, "now"};
  }

  template <class Holds>
  bool until(Holds holds) {
    return loop.run_until(holds);
  }

  TestLoop loop;
  HttpServer server;
  std::uint16_t port = 0;
  std::string first;
  std::optional<std::uint64_t> length;
  std::vector<Responder> streams;
  std::string received;
  int drained = 0;
  int ended = 0;
  int gone = 0;
};

}  // namespace

TEST_CASE("an answer comes in pieces, and the next request after its end") {
  World world;
  world.first = "one";
  Client client(world.port);
  client.send(std::string(kStream) + std::string(kNow));
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\n3\r\none\r\n"); }));
  CHECK(client.received().find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(world.streams.at(0).wanted());
  CHECK(world.streams[0].write("two and three"));
  REQUIRE(world.until([&] { return client.received().ends_with("d\r\ntwo and three\r\n"); }));
  world.streams[0].end();
  CHECK_FALSE(world.streams[0].wanted());
  CHECK_FALSE(world.streams[0].write("too late"));
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\nnow"); }));
  CHECK(client.received().find("\r\n0\r\n\r\nHTTP/1.1 200 OK") != std::string::npos);
  CHECK(world.gone == 0);
}

TEST_CASE("HTTP/1.0 knows no chunks: the end of the connection is the end of the answer") {
  World world;
  Client client(world.port);
  client.send(kOldStream);
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\n"); }));
  CHECK(client.received().find("chunked") == std::string::npos);
  world.streams.at(0).write("some");
  world.streams[0].write("thing");
  world.streams[0].end();
  REQUIRE(world.until([&] { return client.ended(); }));
  CHECK(client.received().ends_with("Connection: close\r\n\r\nsomething"));
}

TEST_CASE("a length that is known is told, and nothing beyond it is sent") {
  World world;
  world.length = 6;
  Client client(world.port);
  client.send(kStream);
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\n"); }));
  CHECK(client.received().find("Content-Length: 6\r\n") != std::string::npos);
  world.streams.at(0).write("123");
  world.streams[0].write("456789");
  world.streams[0].end();
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\n123456"); }));
  client.send(kNow);
  CHECK(world.until([&] { return client.received().ends_with("\r\n\r\nnow"); }));
}

TEST_CASE("an answer that ends before its length closes the connection") {
  World world;
  world.length = 6;
  Client client(world.port);
  client.send(kStream);
  REQUIRE(world.until([&] { return world.streams.size() == 1; }));
  world.streams[0].write("123");
  world.streams[0].end();
  CHECK(world.until([&] { return client.ended(); }));
  CHECK(client.received().ends_with("\r\n\r\n123"));
}

TEST_CASE("HEAD of a stream gets its head alone") {
  World world;
  world.first = "one";
  Client client(world.port);
  client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(world.until([&] { return client.received().ends_with("chunked\r\n\r\n"); }));
  CHECK(world.streams.at(0).write("two"));
  world.streams[0].end();
  client.send(kNow);
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\nnow"); }));
  CHECK(client.received().find("two") == std::string::npos);
}

TEST_CASE("a client that leaves is told of once") {
  World world;
  Client client(world.port);
  client.send(kStream);
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\n"); }));
  client.close();
  REQUIRE(world.until([&] { return world.gone == 1; }));
  CHECK_FALSE(world.streams.at(0).wanted());
  CHECK(world.streams[0].room() == 0);
  CHECK(world.server.counts().open == 0);
}

TEST_CASE("a slow reader is written to as it reads, and dropped when it is written to beyond") {
  ServerLimits limits;
  limits.stream = 64 * 1024;
  World world(limits);
  Client slow(world.port, 4096);
  slow.send(kStream);
  REQUIRE(world.until([&] { return world.streams.size() == 1; }));
  const std::string piece(16 * 1024, 'x');
  std::size_t sent = 0;
  // The kernel's buffers first, then the room of the stream.
  for (int i = 0; i < 2000 && world.streams[0].room() > 0; ++i) {
    REQUIRE(world.streams[0].write(piece));
    sent += piece.size();
    world.loop.turn();
  }
  REQUIRE(world.streams[0].room() == 0);
  SUBCASE("its reading makes room") {
    REQUIRE(world.until([&] {
      slow.received();
      return world.drained > 0 && world.streams[0].room() == limits.stream;
    }));
    world.streams[0].end();
    REQUIRE(world.until([&] { return slow.received().ends_with("\r\n0\r\n\r\n"); }));
    CHECK(count_of(slow.received(), "4000\r\n") == sent / piece.size());
  }
  SUBCASE("writing on drops it") {
    CHECK_FALSE(world.streams[0].write(piece));
    REQUIRE(world.until([&] { return world.gone == 1; }));
    CHECK(world.until([&] { return slow.ended(); }));
  }
}

TEST_CASE("a reader that takes nothing for too long is dropped") {
  ServerLimits limits;
  limits.write = Millis{50};
  limits.stream = 16 * 1024 * 1024;
  World world(limits);
  Client slow(world.port, 4096);
  slow.send(kStream);
  REQUIRE(world.until([&] { return world.streams.size() == 1; }));
  REQUIRE(world.streams[0].write(std::string(8 * 1024 * 1024, 'x')));
  CHECK(world.until([&] { return world.gone == 1; }));
}

TEST_CASE("a stream without a piece has no deadline") {
  ServerLimits limits;
  limits.idle = limits.request = limits.write = Millis{20};
  World world(limits);
  Client quiet(world.port);
  quiet.send(kStream);
  REQUIRE(world.until([&] { return quiet.received().ends_with("\r\n\r\n"); }));
  Client other(world.port);
  other.send("GET /h");
  REQUIRE(world.until([&] { return other.ended(); }));
  world.streams.at(0).write("still there");
  CHECK(world.until([&] { return quiet.received().ends_with("still there\r\n"); }));
}

TEST_CASE("where places are rare, who follows a stream makes room and is told of") {
  ServerLimits limits;
  limits.connections = 1;
  World world(limits);
  Client follower(world.port);
  follower.send(kStream);
  REQUIRE(world.until([&] { return follower.received().ends_with("\r\n\r\n"); }));
  REQUIRE(world.until([&] { return world.streams.size() == 1; }));
  Client other(world.port);
  other.send(kNow);
  CHECK(world.until([&] { return other.received().ends_with("now"); }));
  CHECK(world.gone == 1);
}

TEST_CASE("an upgraded connection carries bytes both ways, from the first on") {
  World world;
  Client client(world.port);
  client.send(std::string(kUpgrade) + "early bytes");
  REQUIRE(world.until([&] { return world.received == "early bytes"; }));
  CHECK(client.received() ==
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n");
  client.send("GET / HTTP/1.1\r\n");
  REQUIRE(world.until([&] { return world.received == "early bytesGET / HTTP/1.1\r\n"; }));
  world.streams.at(0).write("back");
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\nback"); }));
  SUBCASE("the client's end is told, and what comes after still goes out") {
    client.end_writing();
    REQUIRE(world.until([&] { return world.ended == 1; }));
    world.streams[0].write(" again");
    world.streams[0].end();
    REQUIRE(world.until([&] { return client.ended(); }));
    CHECK(client.received().ends_with("\r\n\r\nback again"));
    CHECK(world.gone == 0);
  }
  SUBCASE("the server's end is seen by the client") {
    world.streams[0].end();
    CHECK(world.until([&] { return client.ended(); }));
  }
  SUBCASE("a client that resets is gone") {
    client.reset();
    CHECK(world.until([&] { return world.gone == 1; }));
  }
}

TEST_CASE("what an upgraded client sends is held back while its owner does not want it") {
  World world;
  Client client(world.port);
  client.send(kUpgrade);
  REQUIRE(world.until([&] { return world.streams.size() == 1; }));
  world.streams[0].hold(true);
  std::size_t sent = 0;
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 1000; ++i) {
    const auto count = client.send(piece);
    sent += count;
    world.loop.turn();
    if (count == 0) break;
  }
  const auto before = world.received.size();
  CHECK(before < sent);
  world.streams[0].hold(false);
  CHECK(world.until([&] { return world.received.size() == sent; }));
}

TEST_CASE("without the client's wish there is no other protocol") {
  World world;
  Client client(world.port);
  client.send("POST /raw HTTP/1.1\r\nHost: a\r\nUpgrade: echo/1\r\nContent-Length: 0\r\n\r\n");
  CHECK(
      world.until([&] { return client.received().starts_with("HTTP/1.1 426 Upgrade Required"); }));
}

TEST_CASE("a late answer may come in pieces too") {
  World world;
  Client client(world.port);
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(world.until([&] { return world.streams.size() == 1; }));
  world.streams[0].answer(AnswerStream{{200, "text/plain", {}, "first"}, world.events(), {}});
  REQUIRE(world.until([&] { return client.received().ends_with("5\r\nfirst\r\n"); }));
  world.streams[0].end();
  CHECK(world.until([&] { return client.received().ends_with("\r\n0\r\n\r\n"); }));
}

TEST_CASE("the end of the server tells nobody") {
  World world;
  Client client(world.port);
  client.send(kStream);
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\n"); }));
  world.server.close();
  CHECK(world.gone == 0);
  CHECK_FALSE(world.streams.at(0).write("x"));
}

}  // namespace bootsman
