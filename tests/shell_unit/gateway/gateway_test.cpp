#include "shell/gateway.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/un.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "shell/server.h"
#include "shell_unit/server/client.h"

namespace bootsman {

namespace {

using namespace std::chrono_literals;

/// What stands behind the gateway: the test plays it, byte by byte.
class Behind {
 public:
  Behind() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(listen(fd_, 16) == 0);
    socklen_t size = sizeof at;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
  }
  ~Behind() { stop(); }
  Behind(const Behind&) = delete;
  Behind& operator=(const Behind&) = delete;
  void stop() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  std::unique_ptr<Client> take() {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return nullptr;
    return std::make_unique<Client>(std::in_place, fd);
  }
  std::uint16_t port = 0;

 private:
  int fd_;
};

Response own(const Request& request) {
  return {200, "text/plain", {}, "own " + request.path};
}

GatewayPlan plan_for(const Upstream& upstream) {
  GatewayRoute route;
  route.prefix = "/up/";
  route.upstream = upstream;
  route.response_timeout = 300ms;
  return {{route}, true};
}

struct World {
  explicit World(Upstream upstream = {}) {
    if (upstream.host.empty() && upstream.socket.empty()) upstream = {"127.0.0.1", behind.port, ""};
    plan = plan_for(upstream);
    gateway.emplace(loop.get(), plan,
                    Gateway::Hooks{[](const GatewayRoute&, const UpstreamTrouble& trouble) {
                                     return plain_response(502, trouble.why);
                                   },
                                   [this](const std::string& line) { access.push_back(line); }});
    server.emplace(loop.get(), answering_at_once(own));
    server->pass_on(gateway->passing());
    port = server->listen({"127.0.0.1", 0}).value();
  }
  Client upstream() {
    std::unique_ptr<Client> taken;
    REQUIRE(loop.run_until([&] {
      if (taken == nullptr) taken = behind.take();
      return taken != nullptr;
    }));
    return std::move(*taken);
  }
  bool until(const std::function<bool()>& holds) { return loop.run_until(holds); }

  TestLoop loop;
  Behind behind;
  GatewayPlan plan;
  std::vector<std::string> access;
  std::optional<Gateway> gateway;
  std::optional<HttpServer> server;
  std::uint16_t port = 0;
};

constexpr std::string_view kGet = "GET /up/x HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kOwn = "GET /own HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("a request goes up, its answer comes down, and the connection stays") {
  World world;
  Client client(world.port);
  for (int i = 1; i <= 2; ++i) {
    client.send(kGet);
    Client up = world.upstream();
    REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
    CHECK(up.received().starts_with("GET /up/x HTTP/1.1\r\nHost: a\r\n"));
    CHECK(up.received().find("X-Forwarded-For: 127.0.0.1\r\n") != std::string::npos);
    up.send(kOk);
    REQUIRE(
        world.until([&] { return count_of(client.received(), "\r\n\r\nok") == std::size_t(i); }));
  }
  client.send(kOwn);
  CHECK(world.until([&] { return client.received().ends_with("own /own"); }));
  CHECK(world.access.size() == 2);
  CHECK(world.access[0].starts_with("GET /up/x 200, "));
}

TEST_CASE("requests behind each other are answered in their order, the init's own among them") {
  World world;
  Client client(world.port);
  client.send(std::string(kOwn) + std::string(kGet) + std::string(kOwn) + std::string(kGet));
  for (int i = 0; i < 2; ++i) {
    Client up = world.upstream();
    REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
    up.send(kOk);
    REQUIRE(world.until([&] { return up.ended(); }));
  }
  REQUIRE(world.until([&] { return count_of(client.received(), "\r\n\r\nok") == 2; }));
  const std::string all = client.received();
  const auto first = all.find("own /own"), ok = all.find("\r\n\r\nok");
  CHECK(first < ok);
  CHECK(ok < all.find("own /own", first + 1));
}

TEST_CASE("a body is taken no faster than the upstream reads it") {
  World world;
  world.plan.routes[0].response_timeout = 60s;
  Client client(world.port, 0);
  client.send("POST /up/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
  Client up = world.upstream();
  const std::string block(256 * 1024, 'x');
  std::size_t sent = 0, idle = 0;
  REQUIRE(world.until([&] {
    const auto more = client.send(block);
    sent += more;
    idle = more == 0 ? idle + 1 : 0;
    return idle > 300;
  }));
  CHECK(sent < 32 * 1024 * 1024);  // What the kernel's socket buffers hold.
  CHECK(sent > 64 * 1024);
  std::size_t got = 0;
  REQUIRE(world.until([&] {
    got = up.received().size();
    return got >= sent;
  }));
}

TEST_CASE("an answer is taken no faster than the client reads it") {
  World world;
  Client client(world.port, 4096);
  client.send(kGet);
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
  up.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  const std::string block(256 * 1024, 'x');
  std::size_t sent = 0, idle = 0;
  REQUIRE(world.until([&] {
    const auto more = up.send(block);
    sent += more;
    idle = more == 0 ? idle + 1 : 0;
    return idle > 300;
  }));
  CHECK(sent < 32 * 1024 * 1024);
  CHECK(world.until([&] { return client.received().size() >= sent; }));
}

TEST_CASE("chunks are framed anew both ways") {
  World world;
  Client client(world.port);
  client.send(
      "POST /up/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: "
      "t\r\n\r\n");
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"); }));
  up.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;y\r\nA\r\n0\r\n\r\n");
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\n1\r\nA\r\n0\r\n\r\n"); }));
  client.send(kOwn);
  CHECK(world.until([&] { return client.received().ends_with("own /own"); }));
}

TEST_CASE("who asks before it sends its body is told to, once the upstream is there") {
  World world;
  Client client(world.port);
  client.send("PUT /up/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  Client up = world.upstream();
  REQUIRE(world.until([&] { return client.received() == kContinue; }));
  client.send("hi");
  CHECK(world.until([&] { return up.received().ends_with("\r\n\r\nhi"); }));
}

TEST_CASE("an upstream that is not there costs its request only") {
  World world;
  world.behind.stop();
  Client client(world.port);
  client.send("POST /up/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  REQUIRE(world.until(
      [&] { return client.received().find("connection refused") != std::string::npos; }));
  CHECK(client.received().starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  client.send(kOwn);
  CHECK(world.until([&] { return client.received().ends_with("own /own"); }));
}

TEST_CASE("thousands of requests to a dead socket don't nest") {
  World world(Upstream{"", 0, "@bootsman-test-nobody-is-here"});
  Client client(world.port);
  std::string requests;
  for (int i = 0; i < 3000; ++i) requests += kGet;
  std::string_view rest = requests;
  CHECK(world.until([&] {
    rest.remove_prefix(client.send(rest));
    return count_of(client.received(), "502 Bad Gateway\r\n") == 3000;
  }));
}

TEST_CASE("a unix socket whose backlog is full is tried again") {
  const std::string name = "@bootsman-test-full-" + std::to_string(getpid());
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  name.copy(at.sun_path, name.size());
  at.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  REQUIRE(bind(listening, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(listen(listening, 0) == 0);
  std::vector<Client> waiting, ups;
  int error = 0;
  while (error == 0) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = connect(fd, reinterpret_cast<sockaddr*>(&at), size) == 0 ? 0 : errno;
    waiting.emplace_back(std::in_place, fd);
  }
  REQUIRE(error == EAGAIN);

  World world(Upstream{"", 0, name});
  Client client(world.port);
  client.send(kGet);
  const auto began = uv_hrtime();
  REQUIRE(world.until([&] { return uv_hrtime() - began > 60'000'000; }));
  CHECK(client.received().empty());
  CHECK(world.until([&] {
    const int fd = accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) ups.emplace_back(std::in_place, fd);
    for (Client& up : ups)
      if (up.received().ends_with("\r\n\r\n")) up.send(kOk);
    return client.received().ends_with("\r\n\r\nok");
  }));
  ::close(listening);
}

TEST_CASE("a client that goes away takes its request with it") {
  World world;
  Client client(world.port);
  client.send(kGet);
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
  client.close();
  CHECK(world.until([&] { return up.ended(); }));
  CHECK(world.until([&] { return world.server->counts().open == 0; }));
  CHECK(world.access.at(0).find("unanswered") != std::string::npos);
}

TEST_CASE("an upstream that does not answer in time gives 504, and the connection stays") {
  World world;
  Client client(world.port);
  client.send(kGet);
  Client up = world.upstream();
  REQUIRE(
      world.until([&] { return client.received().ends_with("did not answer within 300ms\n"); }));
  CHECK(world.until([&] { return up.ended(); }));
  client.send(kOwn);
  CHECK(world.until([&] { return client.received().ends_with("own /own"); }));
}

TEST_CASE("an upstream that takes no more of a body is the slow one, not the client") {
  World world;
  Client client(world.port);
  client.send("POST /up/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
  Client up = world.upstream();
  const std::string block(256 * 1024, 'x');
  CHECK(world.until([&] {
    client.send(block);
    return client.received().ends_with("did not answer within 300ms\n");
  }));
}

TEST_CASE("half an answer is not taken for the whole") {
  struct Row {
    const char* name;
    const char* head;
  };
  static const Row rows[] = {
      {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nhalf"},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    Client client(world.port);
    client.send(kGet);
    {
      Client up = world.upstream();
      REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
      up.send(row.head);
      REQUIRE(world.until([&] { return client.received().find("half") != std::string::npos; }));
    }
    CHECK(world.until([&] { return client.ended(); }));
    CHECK(client.received().find("0\r\n\r\n") == std::string::npos);
  }
}

TEST_CASE("an upstream that says no before it has read the body is heard") {
  World world;
  Client client(world.port);
  client.send("POST /up/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart");
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("start"); }));
  up.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  REQUIRE(world.until([&] { return client.ended(); }));
  CHECK(client.received() ==
        "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
}

TEST_CASE("no HTTP is no answer") {
  World world;
  Client client(world.port);
  client.send(kGet);
  Client up = world.upstream();
  up.send("220 ready\r\n");
  CHECK(world.until([&] { return client.received().starts_with("HTTP/1.1 502 "); }));
}

TEST_CASE("after 101 the bytes pass both ways, and each side ends its own") {
  World world;
  Client client(world.port);
  client.send("GET /up/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst");
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
  up.send("HTTP/1.1 101 Go\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello");
  REQUIRE(world.until([&] { return client.received().ends_with("\r\n\r\nhello"); }));
  REQUIRE(world.until([&] { return up.received().ends_with("first"); }));
  client.send("GET / HTTP/1.1\r\n\r\n");  // No HTTP any more.
  REQUIRE(world.until([&] { return up.received().ends_with("firstGET / HTTP/1.1\r\n\r\n"); }));
  client.end_writing();
  REQUIRE(world.until([&] { return up.ended(); }));
  up.send("last words");
  up.close();
  REQUIRE(world.until([&] { return client.ended(); }));
  CHECK(client.received().ends_with("hellolast words"));
  CHECK(world.until([&] { return world.server->counts().open == 0; }));
}

TEST_CASE("a tunnel with full pipes whose upstream breaks off ends with its client") {
  World world;
  Client client(world.port);
  client.send("GET /up/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
  up.send("HTTP/1.1 101 Go\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
  const std::string block(256 * 1024, 'x');
  std::size_t idle = 0;
  REQUIRE(world.until([&] {
    const auto more = client.send(block) + up.send(block);
    idle = more == 0 ? idle + 1 : 0;
    return idle > 300;
  }));
  up.close();  // A reset, since it has not read all.
  CHECK(world.until([&] { return client.ended(); }));
  client.close();
  CHECK(world.until([&] { return world.server->counts().open == 0; }));
}

TEST_CASE("an upgrade that nobody asked for is refused") {
  World world;
  Client client(world.port);
  client.send(kGet);
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
  up.send("HTTP/1.1 101 Go\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
  CHECK(world.until([&] { return client.received().starts_with("HTTP/1.1 502 "); }));
}

TEST_CASE("a server that closes lets go of what it passes on") {
  World world;
  Client client(world.port);
  client.send(kGet);
  Client up = world.upstream();
  REQUIRE(world.until([&] { return up.received().ends_with("\r\n\r\n"); }));
  world.server->close();
  CHECK(world.until([&] { return up.ended() && client.ended(); }));
}

TEST_CASE("who waits for upstreams keeps nobody from the init's own answers") {
  TestLoop loop;
  Behind behind;
  const GatewayPlan plan = plan_for({"127.0.0.1", behind.port, ""});
  Gateway gateway(
      loop.get(), plan,
      {[](const GatewayRoute&, const UpstreamTrouble&) { return plain_response(502, "none"); },
       [](const std::string&) {}});
  ServerLimits limits;
  limits.connections = 2;
  HttpServer server(loop.get(), answering_at_once(own), limits);
  server.pass_on(gateway.passing());
  const auto port = server.listen({"127.0.0.1", 0}).value();
  std::vector<Client> waiting, ups;
  for (int i = 0; i < 8; ++i) {
    waiting.emplace_back(port);
    waiting.back().send("POST /up/ HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    REQUIRE(loop.run_until([&] {
      if (auto up = behind.take()) ups.push_back(std::move(*up));
      return ups.size() == waiting.size();
    }));
  }
  Client client(port);
  client.send(kOwn);
  CHECK(loop.run_until([&] { return client.received().ends_with("own /own"); }));
  for (Client& other : waiting) CHECK(!other.ended());
}

}  // namespace bootsman
