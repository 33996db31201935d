#include "shell/prober.h"

#include <doctest/doctest.h>

#include "shell/server.h"
#include "shell_unit/server/client.h"

namespace bootsman {

namespace {

/// A server that answers each connection with fixed bytes, whatever it is asked.
class CannedServer {
 public:
  CannedServer(uv_loop_t* loop, std::string bytes, bool close_after)
      : bytes_(std::move(bytes)), close_after_(close_after) {
    listener_ = std::move(
        *make_uv<uv_tcp_t>("listen", this, [&](uv_tcp_t* tcp) { return uv_tcp_init(loop, tcp); }));
    sockaddr_in address{};
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(listener_.get()), 16, [](uv_stream_t* stream, int) {
      static_cast<CannedServer*>(stream->data)->accept(stream);
    });
    int size = sizeof address;
    uv_tcp_getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  std::uint16_t port = 0;
  std::string asked;

 private:
  void accept(uv_stream_t* stream) {
    client_ = std::move(*make_uv<uv_tcp_t>(
        "accept", this, [&](uv_tcp_t* tcp) { return uv_tcp_init(stream->loop, tcp); }));
    auto* client = reinterpret_cast<uv_stream_t*>(client_.get());
    uv_accept(stream, client);
    const auto allocate = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
      auto* self = static_cast<CannedServer*>(handle->data);
      *buffer = uv_buf_init(self->buffer_, sizeof self->buffer_);
    };
    uv_read_start(client, allocate, [](uv_stream_t* from, ssize_t count, const uv_buf_t* buffer) {
      auto* self = static_cast<CannedServer*>(from->data);
      if (count > 0) self->answer(std::string_view(buffer->base, static_cast<std::size_t>(count)));
    });
  }
  void answer(std::string_view request) {
    asked += request;
    auto buffer = uv_buf_init(bytes_.data(), static_cast<unsigned>(bytes_.size()));
    if (!bytes_.empty()) {
      uv_try_write(reinterpret_cast<uv_stream_t*>(client_.get()), &buffer, 1);
    }
    if (close_after_) client_.reset();
  }

  std::string bytes_;
  bool close_after_;
  char buffer_[4096];
  UvPtr<uv_tcp_t> listener_;
  UvPtr<uv_tcp_t> client_;
};

struct Outcome {
  int times = 0;
  bool ok = false;
  std::string why;
  Prober::Done take() {
    return [this](bool good, std::string reason) {
      ++times;
      ok = good;
      why = std::move(reason);
    };
  }
};

struct World {
  TestLoop loop;
  Prober prober{loop.get()};
  Outcome outcome;

  void probe(const Probe& what, Millis timeout = Millis{5000}) {
    prober.start(what, timeout, outcome.take());
    CHECK(outcome.times == 0);
    CHECK(loop.run_until([&] { return outcome.times > 0; }));
  }
};

struct Row {
  std::string name;
  std::string answer;
  bool close_after;
  int wanted;
  std::string why;  ///< %P is the port; empty: the probe is good.
};

const Row kRows[] = {
    {"200 is good", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true, 0, ""},
    {"a redirect is good", "HTTP/1.1 302 Found\r\n\r\n", true, 0, ""},
    {"good at the head, the body may never end", "HTTP/1.1 200 OK\r\n\r\nhello", false, 0, ""},
    {"the wanted status", "HTTP/1.1 401 No\r\n\r\n", true, 401, ""},
    {"503", "HTTP/1.1 503 No\r\n\r\n", true, 0, "status 503, wanted 2xx or 3xx"},
    {"another status than the wanted one", "HTTP/1.1 200 OK\r\n\r\n", true, 204,
     "status 200, wanted 204"},
    {"closed without a word", "", true, 0, "127.0.0.1:%P closed the connection without an answer"},
    {"closed inside the head", "HTTP/1.1 200 OK\r\nX", true, 0,
     "127.0.0.1:%P closed the connection without an answer"},
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", false, 0,
     "the answer of 127.0.0.1:%P is not HTTP: Expected HTTP/, RTSP/ or ICE/"},
};

std::string with_port(std::string text, std::uint16_t port) {
  if (const auto at = text.find("%P"); at != text.npos) text.replace(at, 2, std::to_string(port));
  return text;
}

std::uint16_t free_port() {
  TestLoop loop;
  HttpServer server(loop.get(), answering_at_once([](const Request&) { return Response{}; }));
  return server.listen({"127.0.0.1", 0}).value_or(std::uint16_t{1});
}

}  // namespace

TEST_CASE("http probes against what servers answer") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    World world;
    CannedServer server(world.loop.get(), row.answer, row.close_after);
    world.probe(HttpProbe{"127.0.0.1", server.port, "/x?y", row.wanted});
    CHECK(world.outcome.why == with_port(row.why, server.port));
    CHECK(world.outcome.ok == row.why.empty());
    CHECK(server.asked == "GET /x?y HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port) +
                              "\r\nUser-Agent: bootsman/0.1.0\r\nAccept: */*\r\nConnection: "
                              "close\r\n\r\n");
  }
}

TEST_CASE("the body of an answer counts where a text is wanted") {
  const Row rows[] = {
      {"it has the text", "HTTP/1.1 200 OK\r\n\r\nall is well", false, 0, ""},
      {"it lacks the text", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", false, 0,
       "status good, but the body lacks the wanted text"},
      {"it ends with the connection", "HTTP/1.1 200 OK\r\n\r\nall is", true, 0,
       "status good, but the body lacks the wanted text"},
      {"a bad status is enough", "HTTP/1.1 503 No\r\n\r\nall is", false, 0,
       "status 503, wanted 2xx or 3xx"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    World world;
    CannedServer server(world.loop.get(), row.answer, row.close_after);
    world.probe(HttpProbe{"127.0.0.1", server.port, "/", 0, "is well"});
    CHECK(world.outcome.why == row.why);
    CHECK(world.outcome.ok == row.why.empty());
  }
}

TEST_CASE("a probe of our own server leaves nothing open on either side") {
  World world;
  HttpServer server(world.loop.get(), answering_at_once([](const Request&) { return Response{}; }));
  const auto port = server.listen({"127.0.0.1", 0});
  REQUIRE(port.has_value());
  world.probe(HttpProbe{"127.0.0.1", *port, "/", 0});
  CHECK(world.outcome.ok);
  CHECK(
      world.loop.run_until([&] { return world.prober.open() == 0 && server.counts().open == 0; }));
  CHECK(server.counts().timed_out == 0);
}

TEST_CASE("a tcp probe is good when its connection is accepted") {
  World world;
  CannedServer server(world.loop.get(), "", false);
  world.probe(TcpProbe{"127.0.0.1", server.port});
  CHECK(world.outcome.ok);
  CHECK(world.outcome.why.empty());
  CHECK(world.prober.open() == 0);
}

TEST_CASE("a refused connection says by whom") {
  const auto port = free_port();
  const Probe probes[] = {TcpProbe{"127.0.0.1", port}, HttpProbe{"127.0.0.1", port, "/", 0}};
  for (const auto& probe : probes) {
    World world;
    world.probe(probe);
    CHECK_FALSE(world.outcome.ok);
    CHECK(world.outcome.why ==
          "cannot connect to 127.0.0.1:" + std::to_string(port) + ": connection refused");
  }
}

TEST_CASE("what can't even be tried is told by the loop like everything else") {
  World world;
  world.probe(TcpProbe{"localhost", 80});
  CHECK(world.outcome.why ==
        "cannot use \"localhost\" as an address: it is neither IPv4 nor IPv6 in numbers");
  world.outcome = {};
  world.probe(ExecProbe{{"true"}});
  CHECK_FALSE(world.outcome.ok);
}

TEST_CASE("a server that says nothing is given the timeout") {
  World world;
  CannedServer server(world.loop.get(), "", false);
  world.probe(HttpProbe{"127.0.0.1", server.port, "/", 0}, Millis{30});
  CHECK_FALSE(world.outcome.ok);
  CHECK(world.outcome.why == "no answer within 30ms");
  CHECK(world.prober.open() == 0);
}

TEST_CASE("a body that never ends is cut at the timeout, without another report") {
  World world;
  CannedServer server(world.loop.get(), "HTTP/1.1 200 OK\r\n\r\nhello", false);
  world.probe(HttpProbe{"127.0.0.1", server.port, "/", 0}, Millis{60});
  CHECK(world.outcome.ok);
  CHECK(world.loop.run_until([&] { return world.prober.open() == 0; }));
  CHECK(world.outcome.times == 1);
}

TEST_CASE("a cancelled probe is never reported") {
  World world;
  CannedServer server(world.loop.get(), "HTTP/1.1 200 OK\r\n\r\n", true);
  const auto id = world.prober.start(HttpProbe{"127.0.0.1", server.port, "/", 0}, Millis{50},
                                     world.outcome.take());
  world.prober.cancel(id);
  world.prober.cancel(id);
  Outcome second;
  world.prober.start(HttpProbe{"127.0.0.1", server.port, "/", 0}, Millis{5000}, second.take());
  CHECK(world.loop.run_until([&] { return second.times > 0; }));
  CHECK(second.ok);
  CHECK(world.outcome.times == 0);
}

TEST_CASE("the report of one probe may cancel others and start new ones") {
  World world;
  CannedServer silent(world.loop.get(), "", false);
  const HttpProbe probe{"127.0.0.1", silent.port, "/", 0};
  Outcome cancelled;
  ProbeId other{};
  world.prober.start(probe, Millis{20}, [&](bool, const std::string&) {
    world.prober.cancel(other);
    world.prober.start(probe, Millis{20}, world.outcome.take());
  });
  other = world.prober.start(probe, Millis{20}, cancelled.take());
  CHECK(world.loop.run_until([&] { return world.outcome.times > 0; }));
  CHECK(cancelled.times == 0);
  CHECK(world.outcome.why == "no answer within 20ms");
}

TEST_CASE("an answer that came during a pause of the process counts, though its time is over") {
  World world;
  CannedServer server(world.loop.get(), "HTTP/1.1 200 OK\r\n\r\n", false);
  world.prober.start(HttpProbe{"127.0.0.1", server.port, "/", 0}, Millis{100},
                     world.outcome.take());
  REQUIRE(world.loop.run_until([&] { return !server.asked.empty(); }));
  // The loop stands still until the probe's time has passed; its answer waits in the kernel.
  const auto until = uv_hrtime() + 150'000'000;
  while (uv_hrtime() < until) {
  }
  CHECK(world.loop.run_until([&] { return world.outcome.times > 0; }));
  CHECK(world.outcome.ok);
}

TEST_CASE("without probes no timer is set") {
  World world;
  CannedServer server(world.loop.get(), "HTTP/1.1 200 OK\r\n\r\n", true);
  world.probe(HttpProbe{"127.0.0.1", server.port, "/", 0});
  REQUIRE(world.loop.run_until([&] { return world.prober.open() == 0; }));
  world.loop.turn();
  CHECK(uv_backend_timeout(world.loop.get()) == -1);
}

}  // namespace bootsman
