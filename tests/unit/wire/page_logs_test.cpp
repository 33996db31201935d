#include "wire/page_logs.h"

#include <doctest/doctest.h>

#include "unit/core/bench.h"

namespace bootsman {
namespace {

struct World {
  World() {
    test::PlanBuilder builder;
    builder.service("web");
    builder.service("db");
    plan = builder.plan();
    for (int i = 0; i < 3; ++i) ring.add_writer();
    secrets.add("hunter2");
    secrets.add(token);
  }
  void line(std::uint32_t writer, std::string_view text) {
    RingLine line;
    line.text = text;
    ring.add(writer, line);
  }
  Response ask(const std::string& authorization, const std::string& query = "") const {
    Request request;
    request.path = "/-/logs";
    request.query = query;
    if (!authorization.empty()) request.headers.push_back({"authorization", authorization});
    return page_logs(request, {plan, ring, token, secrets});
  }
  Plan plan;
  LogRing ring;
  std::string token = "open sesame";
  SecretMarks secrets{1};
};

struct Row {
  const char* name;
  const char* authorization;
  int status;
};
const Row kRows[] = {
    {"nothing is brought", "", 401},
    {"the token as a bearer", "Bearer open sesame", 200},
    {"the scheme in other letters", "bearer open sesame", 200},
    {"another token", "Bearer open sesamE", 401},
    {"a part of the token", "Bearer open", 401},
    {"an empty token", "Bearer ", 401},
    // base64 of bootsman:open sesame, root:open sesame, bootsman:
    {"the token as a password", "Basic Ym9vdHNtYW46b3BlbiBzZXNhbWU=", 200},
    {"another user", "Basic cm9vdDpvcGVuIHNlc2FtZQ==", 401},
    {"no password", "Basic Ym9vdHNtYW46", 401},
    {"another scheme", "Digest open sesame", 401},
};

}  // namespace

TEST_CASE("output of units is for who brings the token") {
  World world;
  world.line(1, "from web");
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    const Response response = world.ask(row.authorization);
    CHECK(response.status == row.status);
    CHECK((response.body.find("from web") != std::string::npos) == (row.status == 200));
  }
}

TEST_CASE("lines of all units stand in the order of their coming, secrets masked") {
  World world;
  world.line(1, "one");
  world.line(2, "two hunter2 two");
  world.line(0, "three open sesame");
  world.line(1, "<b>four</b>");
  const Response all = world.ask("Bearer open sesame");
  CHECK(all.body == "web | one\ndb | two *** two\nbootsman | three ***\nweb | <b>four</b>\n");
  CHECK(all.content_type == "text/plain; charset=utf-8");
  CHECK(world.ask("Bearer open sesame", "unit=service.web").body ==
        "web | one\nweb | <b>four</b>\n");
  CHECK(world.ask("Bearer open sesame", "unit=service.none").body.empty());
}

TEST_CASE("only the latest lines are shown") {
  World world;
  for (int i = 0; i < 700; ++i) world.line(1, "line " + std::to_string(i));
  const std::string body = world.ask("Bearer open sesame").body;
  CHECK(std::ranges::count(body, '\n') == 500);
  CHECK(body.starts_with("web | line 200\n"));
  world.line(2, std::string(15'000, 'x'));
  for (int i = 0; i < 20; ++i) world.line(1, std::string(15'000, 'y'));
  CHECK(world.ask("Bearer open sesame").body.size() <= 256 * 1024);
}

}  // namespace bootsman
