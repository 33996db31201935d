#include <doctest/doctest.h>

#include "lib/configs.h"
#include "plan/gateway_path.h"
#include "plan/plan_gateway.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

WebPlan web_of(const std::string& text, const World& world = {}) {
  const LoadResult loaded =
      load({{"a.toml", "extends = \"empty\"\n" + text}}, world.config_facts());
  PlanResult planned = make_plan(loaded.config, world.plan_facts());
  REQUIRE(!loaded.diagnostics.has_errors());
  REQUIRE(!planned.diagnostics.has_errors());
  return planned.web;
}

std::string text_of(const Upstream& upstream) {
  return upstream.socket.empty() ? upstream.host + " " + std::to_string(upstream.port)
                                 : upstream.socket;
}

}  // namespace

TEST_CASE("upstreams are numeric addresses, localhost or sockets where no mount can hang") {
  struct Row {
    const char* text;
    const char* read;  // empty: refused
    const char* why;
  };
  const Row rows[] = {
      {"http://127.0.0.1:5000", "127.0.0.1 5000", ""},
      {"http://localhost:5000", "127.0.0.1 5000", ""},
      {"http://[::1]:5000", "::1 5000", ""},
      {"unix:/run/app.sock", "/run/app.sock", ""},
      {"unix:/tmp/a/b.sock", "/tmp/a/b.sock", ""},
      {"unix:@app", "@app", ""},
      {"unix:/workdir/app.sock", "", "a mount that hangs would stop the init"},
      {"unix:/run/../workdir/x", "", "below /run"},
      {"unix:/run/", "", "below /run"},
      {"unix:@", "", "below /run"},
      {"unix:", "", "below /run"},
      {"http://model:5000", "", "numeric address or localhost"},
      {"http://127.0.0.1", "", "HOST:PORT"},
      {"http://127.0.0.1:0", "", "1 to 65535"},
      {"http://127.0.0.1:5000/", "", "prefix = \"strip\""},
      {"http://127.0.0.1:5000/api", "", "prefix = \"strip\""},
      {"https://127.0.0.1:5000", "", "plain HTTP"},
      {"127.0.0.1:5000", "", "must begin with http:// or unix:"},
      {"", "", "must begin with http:// or unix:"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto upstream = parse_upstream(row.text);
    if (*row.read != '\0') {
      REQUIRE(upstream.has_value());
      CHECK(text_of(*upstream) == row.read);
    } else {
      REQUIRE(!upstream.has_value());
      CHECK(upstream.error().message().starts_with("cannot use the upstream"));
      CHECK(upstream.error().message().find(row.why) != std::string::npos);
    }
  }
  CHECK(!parse_upstream("unix:/run/" + std::string(120, 'x')).has_value());
  CHECK(parse_upstream("unix:@" + std::string(106, 'x')).has_value());
  CHECK(!parse_upstream("unix:@" + std::string(107, 'x')).has_value());
}

TEST_CASE("routes are what the configuration says, the longest first") {
  World world;
  world.env = {{"PORT", "7000"}};
  world.files = {{"/run/token", "s3cret\n"}};
  const WebPlan web = web_of(R"(
gateway.access_log = true
gateway.idle_timeout = "1h"
[gateway.routes]
"/" = "http://127.0.0.1:${PORT}"
"/lab/" = { to = "unix:@lab", prefix = "strip", response_timeout = "30m", bearer = "${file:/run/token}" }
)",
                             world);
  REQUIRE(web.gateway.routes.size() == 2);
  CHECK(web.gateway.access_log);
  const GatewayRoute& lab = web.gateway.routes[0];
  CHECK(lab.prefix == "/lab/");
  CHECK(lab.strip);
  CHECK(lab.bearer == "s3cret");
  CHECK(lab.response_timeout == std::chrono::minutes(30));
  CHECK(lab.idle_timeout == std::chrono::hours(1));
  CHECK(text_of(web.gateway.routes[1].upstream) == "127.0.0.1 7000");
  CHECK(!web.gateway.routes[1].strip);
}

TEST_CASE("a route knows the unit that says when its upstream is ready") {
  const WebPlan web = web_of(R"(
[gateway.routes]
"/a/" = "http://127.0.0.1:1000"
"/b/" = "http://localhost:2000"
"/c/" = "unix:/run/c.sock"
"/d/" = "http://127.0.0.1:4000"
[service.a]
command = ["x"]
ready = { http = "http://0.0.0.0:1000/api" }
[service.b]
command = ["x"]
ready = { tcp = "127.0.0.1:2000" }
[service.c]
command = ["x"]
ready = { file = "/run/c.sock" }
)");
  std::string units;
  for (const GatewayRoute& route : web.gateway.routes)
    units += route.unit ? std::to_string(route.unit->value) : "-";
  CHECK(units == "012-");
}

TEST_CASE("the preset for inference passes all on to the job's port") {
  World world;
  world.command_line = {"python", "serve.py"};
  const LoadResult loaded = load({{"a.toml", "extends = \"inference\"\n"}}, world.config_facts());
  const PlanResult planned = make_plan(loaded.config, world.plan_facts());
  CHECK(!planned.diagnostics.has_errors());
  REQUIRE(planned.web.gateway.routes.size() == 1);
  CHECK(text_of(planned.web.gateway.routes[0].upstream) == "127.0.0.1 8081");
  REQUIRE(planned.web.gateway.routes[0].unit.has_value());
  REQUIRE(planned.plan.units.size() == 1);
  CHECK(planned.plan.units[0].launch.env == std::vector<EnvVar>{{"PORT", "8081"}});
}

TEST_CASE("what is wrong with routes is said with its place") {
  struct Row {
    const char* name;
    const char* text;
    const char* complaint;  // empty: none
  };
  const Row rows[] = {
      {"a path that does not begin with a slash", "gateway.routes.\"lab\" = \"unix:@a\"",
       "gateway.routes.lab: must begin with a slash"},
      {"health", "gateway.routes.\"/health\" = \"unix:@a\"", "must not be /health"},
      {"below /-/", "gateway.routes.\"/-/x\" = \"unix:@a\"", "must not be /health"},
      {"dots", "gateway.routes.\"/a/../b\" = \"unix:@a\"", "must be a plain path"},
      {"escapes", "gateway.routes.\"/a%20b\" = \"unix:@a\"", "without ?, # and %XX"},
      {"the init itself", "gateway.routes.\"/\" = \"http://127.0.0.1:8080\"",
       "is the init's own HTTP port"},
      {"a number", "gateway.routes.\"/\" = 5000", "must be a URL or a table, not an integer"},
      {"no upstream", "gateway.routes.\"/\" = { prefix = \"strip\" }",
       "gateway.routes.\"/\".to: is missing"},
      {"a key that is none", "gateway.routes.\"/\" = { to = \"unix:@a\", strip = true }",
       "gateway.routes.\"/\".strip: unknown key"},
      {"another word", "gateway.routes.\"/\" = { to = \"unix:@a\", prefix = \"strop\" }",
       "did you mean \"strip\"?"},
      {"two secrets",
       "gateway.routes.\"/\" = { to = \"unix:@a\", bearer = \"x\", basic = \"a:b\" }",
       "can't stand beside bearer"},
      {"an empty secret would let all in",
       "gateway.routes.\"/\" = { to = \"unix:@a\", bearer = \"\" }", "must not be empty"},
      {"a user without a password", "gateway.routes.\"/\" = { to = \"unix:@a\", basic = \"me\" }",
       "must be USER:PASSWORD"},
      {"no table", "gateway.routes = \"unix:@a\"", "must be a table of routes"},
      {"a name", "gateway.routes.\"/\" = \"http://model:80\"", "numeric address or localhost"},
      {"a gateway that is off is not looked at closely",
       "gateway.enabled = false\ngateway.routes.\"/\" = \"http://${NOTHING}:80\"", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string said =
        lines(plan_text("extends = \"empty\"\n" + std::string(row.text)).complaints);
    if (*row.complaint == '\0')
      CHECK(said == "");
    else
      CHECK_MESSAGE(said.find(row.complaint) != std::string::npos, said);
  }
}

TEST_CASE("paths are brought into the one form in which routes are compared") {
  struct Row {
    const char* path;
    const char* canonical;  // empty: none
  };
  const Row rows[] = {{"/", "/"},
                      {"/a", "/a"},
                      {"/a/", "/a/"},
                      {"//a//b//", "/a/b/"},
                      {"/%41", "/A"},
                      {"/a%2Fb", "/a/b"},
                      {"/%252e", "/%2e"},
                      {"/..", ""},
                      {"/a/.", ""},
                      {"/%2e", ""},
                      {"/a%", ""},
                      {"/a%1", ""},
                      {"/%7f", ""},
                      {"/a/..;b/c", ""},
                      {"/a/.;/c", ""},
                      {"/a;..", "/a;.."},
                      {"x", ""},
                      {"", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(canonical_path(row.path).value_or("") == row.canonical);
  }
}
