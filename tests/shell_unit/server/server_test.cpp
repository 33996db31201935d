#include "shell/server.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <stdexcept>
#include <vector>

#include "shell_unit/server/client.h"

namespace bootsman {

namespace {

constexpr std::string_view kGet = "GET /hi HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kClosing = "GET /hi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

int big_answers = 0;

Response echo(const Request& request) {
  if (request.path == "/throw") throw std::runtime_error("broken handler");
  if (request.path == "/big") {
    ++big_answers;
    return {200, "text/plain", {}, std::string(4 * 1024 * 1024, 'x')};
  }
  return {200, "text/plain", {}, request.path};
}

struct World {
  explicit World(ServerLimits limits = {}) : server(loop.get(), answering_at_once(echo), limits) {
    const auto result = server.listen({"127.0.0.1", 0});
    REQUIRE(result.has_value());
    port = *result;
    REQUIRE(port != 0);
  }
  TestLoop loop;
  HttpServer server;
  std::uint16_t port = 0;
};

}  // namespace

TEST_CASE("a request is answered and its connection kept") {
  World world;
  Client client(world.port);
  client.send(kGet);
  REQUIRE(world.loop.run_until([&] { return client.received().ends_with("\r\n\r\n/hi"); }));
  CHECK(client.received().starts_with("HTTP/1.1 200 OK\r\n"));
  client.send(kGet);
  CHECK(world.loop.run_until([&] { return count_of(client.received(), "200 OK") == 2; }));
  CHECK(world.server.counts().accepted == 1);
}

TEST_CASE("Connection: close ends the connection after the answer") {
  World world;
  Client client(world.port);
  client.send(kClosing);
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(client.received().ends_with("Connection: close\r\n\r\n/hi"));
  client.close();
  CHECK(world.loop.run_until([&] { return world.server.counts().open == 0; }));
  CHECK(world.server.counts().timed_out == 0);
}

TEST_CASE("a refused request is answered though the client sends on") {
  World world;
  Client client(world.port);
  client.send("BAD\r\n\r\n" + std::string(100'000, 'x'));
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(client.received().starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_CASE("a client that stops writing after its request still gets the answer") {
  World world;
  Client client(world.port);
  client.send(kGet);
  client.end_writing();
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(client.received().ends_with("/hi"));
}

TEST_CASE("a thousand pipelined requests are answered in order") {
  World world;
  Client client(world.port);
  std::string requests;
  std::string wanted;
  for (int i = 0; i < 1000; ++i) {
    const auto path = "/" + std::to_string(i);
    requests += "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
    wanted += "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
              std::to_string(path.size()) + "\r\n\r\n" + path;
  }
  std::string_view rest = requests;
  CHECK(world.loop.run_until([&] {
    rest.remove_prefix(client.send(rest));
    return client.received().size() == wanted.size();
  }));
  CHECK(client.received() == wanted);
}

TEST_CASE("while a client does not read its answers, no more of its requests are read") {
  // The peak so far is that of the tests before.
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  World world;
  Client client(world.port, 4096);
  std::string requests;
  for (int i = 0; i < 20'000; ++i) requests += "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string_view rest = requests;
  Client other(world.port);
  other.send(kGet);
  REQUIRE(world.loop.run_until([&] {
    rest.remove_prefix(client.send(rest));
    return other.received().ends_with("/hi");
  }));
  for (int i = 0; i < 100; ++i) {
    rest.remove_prefix(client.send(rest));
    world.loop.turn();
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  CHECK(usage.ru_maxrss - before.ru_maxrss < 512 * 1024);  // 20,000 answers would be 80 GB.
  client.reset();
  CHECK(world.loop.run_until([&] { return world.server.counts().open == 1; }));
}

TEST_CASE("an answer larger than the socket's buffer comes whole") {
  World world;
  Client client(world.port);
  client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  client.send(kClosing);
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(client.received().size() > 4 * 1024 * 1024);
  CHECK(client.received().ends_with("/hi"));
}

TEST_CASE("a handler that throws gives 500 and a fault, and the server goes on") {
  World world;
  const auto faults = fault_count();
  Client client(world.port);
  client.send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  client.send(kGet);
  REQUIRE(world.loop.run_until([&] { return client.received().ends_with("/hi"); }));
  CHECK(client.received().starts_with("HTTP/1.1 500 "));
  CHECK(fault_count() == faults + 1);
}

TEST_CASE("a client that sends a byte now and then is ended by the time of a request") {
  ServerLimits limits;
  limits.request = Millis{60};
  World world(limits);
  Client slow(world.port);
  Client silent(world.port);
  slow.send("GET /");
  CHECK(world.loop.run_until([&] {
    if (slow.received().empty()) slow.send("a");
    return slow.ended() && silent.ended();
  }));
  CHECK(slow.received().starts_with("HTTP/1.1 408 "));
  CHECK(silent.received().empty());
  CHECK(world.server.counts().timed_out >= 2);
}

TEST_CASE("a request half sent is answered with 408") {
  ServerLimits limits;
  limits.request = Millis{30};
  World world(limits);
  Client client(world.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(client.received().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_CASE("a kept connection is closed when it has been idle for too long") {
  ServerLimits limits;
  limits.idle = Millis{30};
  World world(limits);
  Client client(world.port);
  client.send(kGet);
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  CHECK(client.received().ends_with("/hi"));
  CHECK(world.server.counts().open == 0);
}

TEST_CASE("a client that never closes after its last answer is closed") {
  ServerLimits limits;
  limits.linger = Millis{30};
  World world(limits);
  Client client(world.port);
  client.send(kClosing);
  CHECK(world.loop.run_until([&] { return client.ended() && world.server.counts().open == 0; }));
}

TEST_CASE("a client that never reads its answer is closed") {
  ServerLimits limits;
  limits.write = Millis{30};
  World world(limits);
  Client client(world.port, 4096);
  client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(world.loop.run_until([&] { return world.server.counts().timed_out == 1; }));
  CHECK(world.server.counts().open == 0);
}

TEST_CASE("500 clients at once, a third of which go away without a word") {
  World world;
  std::vector<Client> clients;
  for (int i = 0; i < 500; ++i) clients.emplace_back(world.port);
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 500; }));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i].send(i % 3 == 0 ? kGet.substr(0, 10) : kGet);
    if (i % 3 == 0) clients[i].reset();
  }
  CHECK(world.loop.run_until([&] {
    std::size_t answered = 0;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      answered += i % 3 != 0 && clients[i].received().ends_with("/hi");
    }
    return answered == 333;
  }));
  CHECK(world.loop.run_until([&] { return world.server.counts().open == 333; }));
}

TEST_CASE("at the limit, the client that has been waited for longest makes room") {
  ServerLimits limits;
  limits.connections = 2;
  World world(limits);
  Client first(world.port);
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 1; }));
  const auto before = uv_now(world.loop.get());
  REQUIRE(world.loop.run_until([&] { return uv_now(world.loop.get()) > before; }));
  Client second(world.port);
  second.send("GET / HTTP/1.1\r\n");
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 2; }));
  Client third(world.port);
  third.send(kGet);
  REQUIRE(world.loop.run_until([&] { return third.received().ends_with("/hi"); }));
  CHECK(first.ended());
  CHECK_FALSE(second.ended());
  CHECK(world.server.counts().displaced == 1);
  CHECK(world.server.counts().open == 2);
}

TEST_CASE("at the limit, clients that take their answers stay and another is refused") {
  ServerLimits limits;
  limits.connections = 1;
  World world(limits);
  Client first(world.port, 4096);
  const int before = big_answers;
  first.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(world.loop.run_until([&] { return big_answers > before; }));
  Client second(world.port);
  REQUIRE(world.loop.run_until([&] { return second.ended(); }));
  CHECK(second.received().starts_with("HTTP/1.1 503 "));
  CHECK(world.server.counts().refused == 1);
  first.close();
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 0; }));
  Client third(world.port);
  third.send(kGet);
  CHECK(world.loop.run_until([&] { return third.received().ends_with("/hi"); }));
}

TEST_CASE("a probe is answered while somebody opens connections and leaves them") {
  World world;
  std::vector<Client> idle;
  while (idle.size() < 1500) {
    for (int i = 0; i < 100; ++i) idle.emplace_back(world.port);
    REQUIRE(world.loop.run_until([&] { return world.server.counts().accepted == idle.size(); }));
  }
  CHECK(world.server.counts().open == 1024);
  Client probe(world.port);
  probe.send(kGet);
  CHECK(world.loop.run_until([&] { return probe.received().ends_with("/hi"); }));
  CHECK(world.server.counts().refused == 0);
}

TEST_CASE("without a free descriptor clients are refused at once, not left to spin the loop") {
  World world;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  std::vector<Client> waiting;
  for (int i = 0; i < 3; ++i) waiting.emplace_back(world.port);
  // The lowest free number is the limit, so that no descriptor can be made.
  const int lowest = dup(0);
  REQUIRE(lowest > 0);
  close(lowest);
  rlimit none{static_cast<rlim_t>(lowest), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const bool refused = world.loop.run_until([&] { return world.server.counts().refused >= 1; });
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(refused);
  Client later(world.port);
  later.send(kGet);
  CHECK(world.loop.run_until([&] { return later.received().ends_with("/hi"); }));
}

TEST_CASE("a port that is taken, a name and a foreign address are errors that say what to do") {
  World world;
  HttpServer other(world.loop.get(), answering_at_once(echo));
  const auto taken = other.listen({"127.0.0.1", world.port});
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().message() ==
        "cannot listen on 127.0.0.1:" + std::to_string(world.port) +
            ": address already in use; another process holds this port: stop it, or set "
            "http.listen");
  const auto name = other.listen({"localhost", 0});
  REQUIRE_FALSE(name.has_value());
  CHECK(name.error().message() ==
        "cannot listen on localhost:0: cannot use \"localhost\" as an address: it is neither IPv4 "
        "nor IPv6 in numbers");
  const auto foreign = other.listen({"192.0.2.1", 0});
  REQUIRE_FALSE(foreign.has_value());
  CHECK(foreign.error().message().ends_with("this container has no such address: set http.listen"));
}

TEST_CASE("an IPv6 address leaves the same port free for IPv4") {
  World world;
  const auto port = world.server.listen({"::1", world.port});
  if (!port) {  // A kernel without IPv6.
    CHECK(port.error().message().starts_with("cannot listen on [::1]:"));
    return;
  }
  CHECK(*port == world.port);
}

TEST_CASE("a server closed while clients hold on drops them, and its port is free at once") {
  World world;
  Client idle(world.port);
  Client half(world.port);
  half.send("GET /");
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 2; }));
  world.server.close();
  CHECK(world.loop.run_until([&] { return idle.ended() && half.ended(); }));
  CHECK(world.server.listen({"127.0.0.1", world.port}).has_value());
}

TEST_CASE("an idle listener keeps no timer and wakes nobody") {
  World world;
  Client client(world.port);
  client.send(kClosing);
  REQUIRE(world.loop.run_until([&] { return client.ended(); }));
  client.close();
  REQUIRE(world.loop.run_until([&] { return world.server.counts().open == 0; }));
  world.loop.turn();
  CHECK(uv_backend_timeout(world.loop.get()) == -1);
}

}  // namespace bootsman
