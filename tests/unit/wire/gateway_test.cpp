#include "wire/gateway.h"

#include <doctest/doctest.h>

#include "wire/gateway_trouble.h"

namespace bootsman {

namespace {

GatewayRoute to(std::string prefix, std::uint16_t port = 5000) {
  GatewayRoute route;
  route.prefix = std::move(prefix);
  route.upstream = {"127.0.0.1", port, ""};
  return route;
}
GatewayRoute stripped(std::string prefix) {
  auto route = to(std::move(prefix));
  route.strip = true;
  return route;
}
GatewayRoute with_bearer(std::string prefix, std::string token) {
  auto route = to(std::move(prefix));
  route.bearer = std::move(token);
  return route;
}
GatewayRoute with_basic(std::string prefix, std::string secret) {
  auto route = to(std::move(prefix));
  route.basic = std::move(secret);
  return route;
}

/// The head of a request as the parser hands it out.
Request head_of(const std::string& text) {
  RequestParser parser({}, [](const Request&) { return true; });
  std::string_view bytes = text;
  const auto said = parser.next(bytes);
  const auto* head = std::get_if<StreamedHead>(&said);
  REQUIRE_MESSAGE(head != nullptr, text);
  return head->request;
}
Request get(const std::string& target, const std::string& headers = "") {
  return head_of("GET " + target + " HTTP/1.1\r\nHost: me\r\n" + headers + "\r\n");
}

/// "own", "400", "308 /lab/", or "PREFIX → TARGET".
std::string say(const GatewayVerdict& verdict) {
  if (std::holds_alternative<NotRouted>(verdict)) return "own";
  if (const auto* said = std::get_if<Response>(&verdict)) {
    std::string text = std::to_string(said->status);
    for (const Header& header : said->headers) text += " " + header.value;
    return text;
  }
  const auto& on = std::get<PassOn>(verdict);
  return on.route->prefix + " → " + on.target;
}

}  // namespace

TEST_CASE("requests find their route") {
  const GatewayPlan all{{to("/jupyter/"), stripped("/monitor/"), to("/api"), to("/")}, false};
  const GatewayPlan some{{stripped("/deep/er/"), to("/lab/")}, false};
  const GatewayPlan odd{{stripped("/v1"), to("/两 x/")}, false};
  const GatewayPlan none;
  struct Row {
    const char* name;
    const GatewayPlan& plan;
    const char* target;
    const char* verdict;
  };
  const Row rows[] = {
      {"without routes all is the init's own", none, "/x", "own"},
      {"the root", all, "/", "/ → /"},
      {"anything else", all, "/predict?a=1", "/ → /predict?a=1"},
      {"the longest prefix wins", all, "/jupyter/lab", "/jupyter/ → /jupyter/lab"},
      {"a question mark without a query stays", all, "/x?", "/ → /x?"},
      {"a prefix that ends within a word is none", all, "/apis", "/ → /apis"},
      {"a prefix without a slash takes the path itself", all, "/api", "/api → /api"},
      {"and all below it", all, "/api/v1", "/api → /api/v1"},
      {"a stripped prefix is taken away", all, "/monitor/data?x", "/monitor/ → /data?x"},
      {"a stripped prefix alone is the root", all, "/monitor/", "/monitor/ → /"},
      {"a folder without its slash is sent there", all, "/jupyter?a=b", "308 /jupyter/?a=b"},
      {"health is the init's own", all, "/health", "own"},
      {"all below it too", all, "/health/ready", "own"},
      {"healthz is not", all, "/healthz", "/ → /healthz"},
      {"what lies below /-/ is the init's own", all, "/-/status", "own"},
      {"also when written otherwise", all, "/%2d/status", "own"},
      {"also with slashes in front", all, "//-/status", "own"},
      {"also for health", all, "/%68ealth", "own"},
      {"a path that only looks alike is not", all, "/-x", "/ → /-x"},
      {"metrics belong to a route that covers them", all, "/metrics", "/ → /metrics"},
      {"and to the init where none does", some, "/metrics", "own"},
      {"no route", some, "/x", "own"},
      {"escaped letters find their route and are passed on as they came", all, "/%6aupyter/a%20b",
       "/jupyter/ → /%6aupyter/a%20b"},
      {"an escaped slash counts as one", all, "/jupyter%2flab", "/jupyter/ → /jupyter%2flab"},
      {"several slashes count as one", all, "//jupyter//lab", "/jupyter/ → //jupyter//lab"},
      {"a prefix that can't be stripped as it is written", all, "/%6donitor/x", "400"},
      {"dots that leave a folder", all, "/jupyter/../secret", "400"},
      {"escaped ones", all, "/jupyter/%2e%2E/secret", "400"},
      {"dots with an escaped slash", all, "/jupyter/..%2fsecret", "400"},
      {"a dot alone", all, "/./x", "400"},
      {"three dots are a name", all, "/.../x", "/ → /.../x"},
      {"a broken escape", all, "/%zz", "400"},
      {"an escape that is cut off", all, "/%2", "400"},
      {"an escaped NUL", all, "/a%00b", "400"},
      {"an escaped line end", all, "/a%0d%0ab", "400"},
      {"an absolute target", all, "http://me/jupyter/x?y", "/jupyter/ → /jupyter/x?y"},
      {"dots with a parameter", all, "/jupyter/..;a=b/secret", "400"},
      {"a parameter alone is a part of its name", all, "/jupyter/a;b=..", "/jupyter/ → /jupyter/a;b=.."},
      {"slashes behind a stripped prefix would name another host", all, "/monitor//evil/x",
       "/monitor/ → /evil/x"},
      {"a stripped prefix without a slash", odd, "/v1/x", "/v1 → /x"},
      {"that prefix itself", odd, "/v1?a", "/v1 → /?a"},
      {"an escaped slash behind it leaves no path", odd, "/v1%2fx", "400"},
      {"a folder's name is escaped for its header", odd, "/%E4%B8%A4%20x", "308 /%E4%B8%A4%20x/"},
      {"a deep stripped prefix", some, "/deep/er/x", "/deep/er/ → /x"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(say(route_request(get(row.target), row.plan)) == row.verdict);
  }
}

TEST_CASE("a route with a secret lets nobody in without it") {
  const GatewayPlan plan{
      {with_bearer("/token/", "s3cret"), with_basic("/basic/", "me:pass"), to("/")}, false};
  const std::string asks_bearer = "401 Bearer realm=\"bootsman\"";
  const std::string asks_basic = "401 Basic realm=\"bootsman\", charset=\"UTF-8\"";
  struct Row {
    const char* name;
    const char* target;
    const char* headers;
    std::string verdict;
  };
  const Row rows[] = {
      {"nothing given", "/token/", "", asks_bearer},
      {"the token", "/token/", "Authorization: Bearer s3cret\r\n", "/token/ → /token/"},
      {"the scheme in other letters", "/token/", "Authorization: bEARER s3cret\r\n",
       "/token/ → /token/"},
      {"a wrong token", "/token/", "Authorization: Bearer s3creT\r\n", asks_bearer},
      {"its start", "/token/", "Authorization: Bearer s3cre\r\n", asks_bearer},
      {"more than it", "/token/", "Authorization: Bearer s3crets3cret\r\n", asks_bearer},
      {"an empty one", "/token/", "Authorization: Bearer \r\n", asks_bearer},
      {"no scheme", "/token/", "Authorization: s3cret\r\n", asks_bearer},
      {"two of them", "/token/", "Authorization: Bearer s3cret\r\nAuthorization: Bearer s3cret\r\n",
       asks_bearer},
      {"written around the prefix", "//token//x", "", asks_bearer},
      {"with an escape", "/t%6fken/x", "", asks_bearer},
      {"the folder without its slash gives nothing away", "/token", "", "308 /token/"},
      {"another path needs none", "/x", "", "/ → /x"},
      {"user and password", "/basic/", "Authorization: Basic bWU6cGFzcw==\r\n",
       "/basic/ → /basic/"},
      {"a wrong password", "/basic/", "Authorization: Basic bWU6cGFzdw==\r\n", asks_basic},
      {"the token's scheme", "/basic/", "Authorization: Bearer bWU6cGFzcw==\r\n", asks_basic},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(say(route_request(get(row.target, row.headers), plan)) == row.verdict);
  }
}

TEST_CASE("heads for the upstream") {
  const auto open = to("/");
  const auto strip = stripped("/lab/");
  const auto secret = with_bearer("/", "x");
  const std::string forwarded =
      "X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: me\r\n";
  struct Row {
    const char* name;
    std::string request;
    const GatewayRoute& route;
    std::string head;
  };
  const Row rows[] = {
      {"what a client sends, and who it is", "GET /a?b HTTP/1.1\r\nHost: me\r\nAccept: */*\r\n\r\n",
       open,
       "GET /a?b HTTP/1.1\r\nHost: me\r\naccept: */*\r\n" + forwarded +
           "Connection: close\r\n\r\n"},
      {"what concerns one connection only stays behind",
       "GET / HTTP/1.1\r\nHost: me\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\nKeep-Alive: 5\r\n"
       "TE: trailers\r\nTrailer: A\r\nProxy-Connection: x\r\nProxy-Authorization: p\r\n"
       "X-Keep: 2\r\n\r\n",
       open,
       "GET / HTTP/1.1\r\nHost: me\r\nx-keep: 2\r\n" + forwarded + "Connection: close\r\n\r\n"},
      {"a length goes along",
       "POST / HTTP/1.1\r\nHost: me\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", open,
       "POST / HTTP/1.1\r\nHost: me\r\n" + forwarded +
           "Content-Length: 5\r\nConnection: close\r\n\r\n"},
      {"chunks stay chunks", "POST / HTTP/1.1\r\nHost: me\r\nTransfer-Encoding: chunked\r\n\r\n",
       open,
       "POST / HTTP/1.1\r\nHost: me\r\n" + forwarded +
           "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
      {"Connection cannot take the length away",
       "POST / HTTP/1.1\r\nHost: me\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\n",
       open,
       "POST / HTTP/1.1\r\nHost: me\r\n" + forwarded +
           "Content-Length: 5\r\nConnection: close\r\n\r\n"},
      {"the chain of proxies grows",
       "GET / HTTP/1.1\r\nHost: me\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
       "X-Forwarded-Host: outside\r\n\r\n",
       open,
       "GET / HTTP/1.1\r\nHost: me\r\nX-Forwarded-For: 1.2.3.4, 10.0.0.9\r\n"
       "X-Forwarded-Proto: https\r\nX-Forwarded-Host: outside\r\nConnection: close\r\n\r\n"},
      {"a stripped prefix is told", "GET /lab/x HTTP/1.1\r\nHost: me\r\n\r\n", strip,
       "GET /x HTTP/1.1\r\nHost: me\r\n" + forwarded +
           "X-Forwarded-Prefix: /lab\r\nConnection: close\r\n\r\n"},
      {"the gateway's own secret stays with it",
       "GET / HTTP/1.1\r\nHost: me\r\nAuthorization: Bearer x\r\n\r\n", secret,
       "GET / HTTP/1.1\r\nHost: me\r\n" + forwarded + "Connection: close\r\n\r\n"},
      {"another's goes along", "GET / HTTP/1.1\r\nHost: me\r\nAuthorization: token t\r\n\r\n", open,
       "GET / HTTP/1.1\r\nHost: me\r\nauthorization: token t\r\n" + forwarded +
           "Connection: close\r\n\r\n"},
      {"a WebSocket",
       "GET /ws HTTP/1.1\r\nHost: me\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
       "Sec-WebSocket-Key: k\r\n\r\n",
       open,
       "GET /ws HTTP/1.1\r\nHost: me\r\nsec-websocket-key: k\r\n" + forwarded +
           "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"},
      {"Upgrade without Connection is none",
       "GET /ws HTTP/1.1\r\nHost: me\r\nUpgrade: websocket\r\n\r\n", open,
       "GET /ws HTTP/1.1\r\nHost: me\r\n" + forwarded + "Connection: close\r\n\r\n"},
      {"HTTP/2 in plain text would go past the routes",
       "GET /ws HTTP/1.1\r\nHost: me\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
       "HTTP2-Settings: x\r\n\r\n",
       open, "GET /ws HTTP/1.1\r\nHost: me\r\n" + forwarded + "Connection: close\r\n\r\n"},
      {"HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n", open,
       "GET / HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nX-Forwarded-For: 10.0.0.9\r\n"
       "X-Forwarded-Proto: http\r\nX-Forwarded-Host: 127.0.0.1:5000\r\nConnection: close\r\n\r\n"},
      {"the target's host counts more than Host", "GET http://you/x HTTP/1.1\r\nHost: me\r\n\r\n",
       open,
       "GET /x HTTP/1.1\r\nHost: you\r\nX-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: http\r\n"
       "X-Forwarded-Host: you\r\nConnection: close\r\n\r\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const GatewayPlan plan{{row.route}, false};
    const Request head = head_of(row.request);
    const auto verdict = route_request(head, plan);
    REQUIRE(std::holds_alternative<PassOn>(verdict));
    CHECK(upstream_head(head, std::get<PassOn>(verdict), "10.0.0.9") == row.head);
  }
}

TEST_CASE("heads for the client") {
  const Request one_one = get("/");
  const Request head_asked = head_of("HEAD / HTTP/1.1\r\nHost: me\r\n\r\n");
  const Request closing = get("/", "Connection: close\r\n");
  const Request old = head_of("GET / HTTP/1.0\r\n\r\n");
  const Request old_keeping = head_of("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  struct Row {
    const char* name;
    const Request& request;
    std::string reply;
    bool request_over;
    std::string head;
  };
  const Row rows[] = {
      {"a length", one_one, "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nConnection: close\r\n\r\n",
       true, "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\n\r\n"},
      {"chunks", one_one, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n",
       true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"until the end becomes chunks", one_one, "HTTP/1.0 200 OK\r\nServer: old\r\n\r\n", true,
       "HTTP/1.1 200 OK\r\nServer: old\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"chunks for HTTP/1.0 end with the connection", old_keeping,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true,
       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
      {"HTTP/1.0 that wants to stay", old_keeping, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       true, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
      {"HTTP/1.0", old, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true,
       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
      {"a client that closes", closing, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true,
       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
      {"an answer before the end of the request", one_one,
       "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", false,
       "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
      {"no body for HEAD", head_asked, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", true,
       "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
      {"HEAD without a length", head_asked, "HTTP/1.1 200 OK\r\n\r\n", true,
       "HTTP/1.1 200 OK\r\n\r\n"},
      {"no content", one_one, "HTTP/1.1 204 No Content\r\n\r\n", true,
       "HTTP/1.1 204 No Content\r\n\r\n"},
      {"not modified", one_one, "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", true,
       "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"},
      {"another protocol", one_one,
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
       true,
       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"},
      {"early hints", one_one, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", true,
       "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"},
      {"two cookies, in their order", one_one,
       "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n", true,
       "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"},
      {"a redirection of a stripped upstream", one_one,
       "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", true,
       "HTTP/1.1 302 Found\r\nLocation: /lab/login\r\nContent-Length: 0\r\n\r\n"},
      {"one to elsewhere", one_one,
       "HTTP/1.1 302 Found\r\nLocation: //else/x\r\nContent-Length: 0\r\n\r\n", true,
       "HTTP/1.1 302 Found\r\nLocation: //else/x\r\nContent-Length: 0\r\n\r\n"},
  };
  const auto route = stripped("/lab/");
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ReplyReader reader(row.request.method == "HEAD");
    std::string_view bytes = row.reply;
    const auto said = reader.next(bytes);
    const auto* reply = std::get_if<ReplyHead>(&said);
    REQUIRE(reply != nullptr);
    const auto framing =
        reply->is_interim() ? ReplyFraming{} : frame_reply(*reply, row.request, row.request_over);
    CHECK(client_head(*reply, row.request, route, framing) == row.head);
  }
}

TEST_CASE("what is said of an upstream that does not answer") {
  Plan plan;
  plan.units.resize(1);
  plan.units[0].name = "web";
  auto route = to("/");
  route.unit = UnitIndex{0};
  const MonoTime now{std::chrono::seconds(100)};
  struct Row {
    const char* name;
    Phase phase;
    UpstreamTrouble::Kind kind;
    int status;
    std::string retry;
    const char* body;
  };
  using Kind = UpstreamTrouble::Kind;
  const Row rows[] = {
      {"a unit that restarts", phase::Backoff{now + std::chrono::milliseconds(4200)},
       Kind::Unreachable, 503, "6",
       "503 Service Unavailable: service.web is backoff: exited 1 after 2 s\n"},
      {"a unit that waits", phase::Waiting{}, Kind::Unreachable, 503, "2",
       "503 Service Unavailable: service.web is waiting: exited 1 after 2 s\n"},
      {"a unit that gave up", phase::Failed{}, Kind::Unreachable, 503, "",
       "503 Service Unavailable: service.web is failed: exited 1 after 2 s\n"},
      {"a unit that is ready", phase::Ready{}, Kind::Unreachable, 502, "",
       "502 Bad Gateway: the upstream of / can't be reached\n"},
      {"a unit that died under the request", phase::Backoff{}, Kind::Broken, 503, "1",
       "503 Service Unavailable: service.web is backoff: exited 1 after 2 s\n"},
      {"a slow one", phase::Ready{}, Kind::TooSlow, 504, "",
       "504 Gateway Timeout: the upstream of / can't be reached\n"},
      {"too many requests", phase::Ready{}, Kind::NoPlace, 503, "1",
       "503 Service Unavailable: too many requests are under way\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    State state = initial_state(plan, 1);
    state.life = life::Up{};
    state.units[0].phase = row.phase;
    state.units[0].why = "exited 1 after 2 s";
    const auto said = trouble_response({row.kind, "can't be reached"}, route, plan, state, now);
    CHECK(said.status == row.status);
    CHECK(said.body == row.body);
    CHECK((said.headers.empty() ? "" : said.headers[0].value) == row.retry);
  }
  State booting = initial_state(plan, 1);
  route.unit.reset();
  CHECK(trouble_response({Kind::Unreachable, "x"}, route, plan, booting, now).status == 503);
}

}  // namespace bootsman
