#include "wire/api.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "unit/core/bench.h"

namespace bootsman {

namespace {

Plan some_plan() {
  test::PlanBuilder builder;
  builder.service("web");
  builder.service("db");
  builder.step("db");
  return builder.plan();
}

/// Units web (ready), db (its program exited 3), step.db; a few lines of each.
struct World {
  World() : bench(some_plan()) {
    for (std::uint32_t i = 0; i <= bench.plan.units.size(); ++i) ring.add_writer();
    bench.plan.units[1].restart.delay = Millis{60'000};
    bench.boot();
    bench.up("web");
    bench.up("db");
    bench.ended("db", ExitStatus::exited(3));
    bench.now += Millis{2'500};
    bench.tick();
    add(0, "boot");
    add(1, "web 1");
    add(2, "db 1");
    add(1, "web 2");
    add(2, "port is taken");
  }
  void add(std::uint32_t writer, std::string_view text) {
    ring.add(writer, {0, 1'000'000, 1, writer == 2, false, text});
  }
  ApiView view() const { return {bench.plan, bench.state, ring, events, bench.now}; }
  ApiAnswer ask(std::string method, std::string path, std::string query = "") const {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    return answer_api(request, view());
  }
  Response get(std::string path, std::string query = "") const {
    const auto answer = ask("GET", std::move(path), std::move(query));
    const auto* response = std::get_if<Response>(&answer);
    REQUIRE(response != nullptr);
    return *response;
  }
  /// "boot, web 1 → 2" of an answer about logs.
  std::string lines(std::string query) const {
    const auto body = parse_json(get("/v1/logs", std::move(query)).body);
    REQUIRE(body);
    std::string text;
    for (const Value& line : *body->find("lines")->array()) {
      text += (text.empty() ? "" : ", ") + line.get_string("text");
    }
    return text + " → " + std::to_string(body->get_int("next", -1));
  }

  test::Bench bench;
  LogRing ring;
  EventLog events;
};

struct Refused {
  const char* name;
  std::string method;
  std::string path;
  std::string query;
  int status;
  std::string why;
};

const Refused kRefused[] = {
    {"an unknown path", "GET", "/v1/x", "", 404, "cannot find /v1/x; try /v1/units"},
    {"a path with more behind it", "GET", "/v1/units/web/x", "", 404,
     "cannot find /v1/units/web/x; try /v1/units"},
    {"a unit without a name", "GET", "/v1/units/", "", 404,
     "cannot find /v1/units/; try /v1/units"},
    {"a wrong method", "DELETE", "/v1/units", "", 405, "cannot DELETE here: only GET"},
    {"a misspelt unit", "GET", "/v1/units/wbe", "", 404,
     "cannot find a unit \"wbe\", did you mean \"web\"?"},
    {"a name of two units", "GET", "/v1/units/db", "", 404,
     "cannot tell which unit \"db\" is: service.db or step.db"},
    {"a broken escape", "GET", "/v1/units/%zz", "", 400,
     "cannot read the path: a % is not followed by two digits"},
    {"a parameter that is none", "GET", "/v1/units", "a=1", 400,
     "cannot take the parameter \"a\": it is none of usage"},
    {"usage by a number", "GET", "/v1/units/web", "usage=1", 400,
     "cannot read usage=1: it is true or false"},
    {"events of an unknown unit", "GET", "/v1/events", "unit=nobody", 404,
     "cannot find a unit \"nobody\"; `bootsman status` shows all"},
    {"a command without an upgrade", "POST", "/v1/exec", "word=id", 426,
     "cannot do this by HTTP alone: ask with \"Connection: Upgrade\" and \"Upgrade: "
     "bootsman-session/1\""},
    {"a command of an unknown unit", "POST", "/v1/units/nobody/exec", "word=id", 404,
     "cannot find a unit \"nobody\"; `bootsman status` shows all"},
    {"a command without a name", "POST", "/v1/exec", "word=", 400,
     "cannot run a command without a name"},
    {"a NUL in a word", "POST", "/v1/exec", "word=a%00b", 400, "cannot take a word with a NUL"},
    {"a terminal without a row", "POST", "/v1/exec", "rows=0", 400,
     "cannot use rows=0: 1 to 65535"},
    {"a number that is none", "GET", "/v1/logs", "n=x", 400, "cannot read n=x: it is no number"},
    {"a stop by GET", "GET", "/v1/units/web/stop", "", 405, "cannot GET here: only POST"},
    {"a start of an unknown unit", "POST", "/v1/units/nobody/start", "", 404,
     "cannot find a unit \"nobody\"; `bootsman status` shows all"},
    {"a timeout without a unit", "POST", "/v1/units/web/stop", "timeout=5", 400, ""},
    {"a reload by GET", "GET", "/v1/reload", "", 405, "cannot GET here: only POST"},
    {"a reload with a timeout without a unit", "POST", "/v1/reload", "timeout=5", 400, ""},
    {"a signal that is none", "POST", "/v1/units/web/signal", "signal=HUB", 400, ""},
    {"no signal", "POST", "/v1/units/web/signal", "", 400,
     "cannot signal without a signal: one parameter, such as signal=HUP"},
    {"an exit code out of range", "POST", "/v1/shutdown", "exit_code=256", 400,
     "cannot use the exit code 256: 0 to 255"},
    {"logs of an unknown unit", "GET", "/v1/logs", "unit=nobody", 404,
     "cannot find a unit \"nobody\"; `bootsman status` shows all"},
};

}  // namespace

TEST_CASE("requests that are refused") {
  const World world;
  for (const auto& row : kRefused) {
    CAPTURE(row.name);
    const auto answer = world.ask(row.method, row.path, row.query);
    const auto* response = std::get_if<Response>(&answer);
    REQUIRE(response != nullptr);
    CHECK(response->status == row.status);
    const auto why = parse_json(response->body).value().get_string("error");
    CHECK(!why.empty());
    if (!row.why.empty()) CHECK(why == row.why);
  }
}

TEST_CASE("a unit says its state, since when, why, and its last lines") {
  const World world;
  for (const std::string name : {"web", "service.web", "service%2eweb"}) {
    const auto unit = parse_json(world.get("/v1/units/" + name).body).value();
    CHECK(unit.get_string("id") == "service.web");
    CHECK(unit.get_string("state") == "ready");
    CHECK(*unit.find("since_seconds")->number() == doctest::Approx(2.5));
    CHECK(unit.get_int("pid", 0) == 31);
    CHECK(unit.get_strings("detail") == std::vector<std::string>{"web 1", "web 2"});
  }
}

TEST_CASE("health that is not known yet is a state of its own") {
  test::PlanBuilder builder;
  builder.service("plain");
  builder.service("checked").health = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  test::Bench bench(builder.plan());
  bench.boot();
  bench.up("plain");
  bench.up("checked");
  const auto health_of = [&](const char* unit) {
    Request request;
    request.method = "GET";
    request.path = std::string("/v1/units/") + unit;
    LogRing ring;
    for (std::size_t i = 0; i <= bench.plan.units.size(); ++i) ring.add_writer();
    const EventLog events;
    const ApiView view{bench.plan, bench.state, ring, events, bench.now};
    const auto body = parse_json(std::get<Response>(answer_api(request, view)).body);
    return body ? body->get_string("health") : "";
  };
  CHECK(health_of("plain") == "none");
  CHECK(health_of("checked") == "unknown");
  bench.tick();
  bench.checked("checked", CheckKind::Health, true);
  CHECK(health_of("checked") == "healthy");
}

TEST_CASE("the list has the last line of a unit in trouble only") {
  const World world;
  const auto body = parse_json(world.get("/v1/units").body).value();
  const auto& units = *body.find("units")->array();
  REQUIRE(units.size() == 3);
  CHECK(units[0].get_strings("detail").empty());
  CHECK(units[1].get_string("state") == "backoff");
  CHECK(units[1].get_string("why").find("exited 3") != std::string::npos);
  CHECK(units[1].get_strings("detail") == std::vector<std::string>{"port is taken"});
  CHECK(units[1].find("pid")->is_null());
}

TEST_CASE("what changes something is given to the core") {
  const World world;
  const auto command = [&](std::string path, std::string query = "") {
    const auto answer = world.ask("POST", std::move(path), std::move(query));
    const auto* found = std::get_if<ApiCommand>(&answer);
    REQUIRE(found != nullptr);
    return *found;
  };
  const auto web = world.bench.at("web");
  CHECK(std::get<StartUnit>(command("/v1/units/web/start").what).unit == web);
  CHECK(std::get<StopUnit>(command("/v1/units/service.web/stop").what).unit == web);
  const auto restart = command("/v1/units/web/restart", "timeout=3s");
  CHECK(std::get<RestartUnit>(restart.what).unit == web);
  CHECK(restart.timeout == Millis{3'000});
  CHECK(restart.text == "restart service.web");
  const auto signal = command("/v1/units/web/signal", "signal=HUP");
  CHECK(std::get<SignalUnit>(signal.what).signal == Signal{1});
  CHECK(signal.text == "signal service.web SIGHUP");
  CHECK(!std::get<StopInit>(command("/v1/shutdown").what).exit_code);
  CHECK(std::get<StopInit>(command("/v1/shutdown", "exit_code=3").what).exit_code == 3);
  CHECK(command_overdue(restart).status == 504);
}

TEST_CASE("what the core says of a command is the answer") {
  CHECK(command_response({CommandId{1}, true, "service.web is ready"}).body ==
        "{\"text\":\"service.web is ready\"}\n");
  const auto refused = command_response({CommandId{1}, false, "the container stops"});
  CHECK(refused.status == 409);
  CHECK(refused.body == "{\"error\":\"cannot do that: the container stops\"}\n");
}

TEST_CASE("what the units use is looked at only for who asks for it") {
  const World world;
  auto view = world.view();
  int looked = 0;
  view.usage = [&looked] {
    ++looked;
    return std::vector<UnitUsage>{{2, 1000, Micros{1'500'000}}, {}, {}};
  };
  Request request;
  request.method = "GET";
  request.path = "/v1/units/web";
  const auto plain = std::get<Response>(answer_api(request, view));
  CHECK(looked == 0);
  CHECK(plain.body.find("memory_bytes") == std::string::npos);
  request.query = "usage=true";
  const auto body = parse_json(std::get<Response>(answer_api(request, view)).body);
  REQUIRE(body);
  CHECK(looked == 1);
  CHECK(body->get_int("processes", 0) == 2);
  CHECK(body->get_int("memory_bytes", 0) == 1000);
}

TEST_CASE("the boot is a timeline, with what each unit waited for") {
  World world;
  world.events.add({0, 0, "state", "step.db", "waiting", "running", ""}, 1'000'000);
  world.events.add({0, 0, "state", "step.db", "running", "done", ""}, 1'250'000);
  world.events.add({0, 0, "state", "service.web", "waiting", "starting", ""}, 1'250'000);
  auto view = world.view();
  view.wall_us = 3'000'000;
  Request request;
  request.method = "GET";
  request.path = "/v1/boot";
  const auto boot = [&] { return std::get<Response>(answer_api(request, view)).body; };
  CHECK(boot().starts_with("{\"begin_us\":1000000,\"done_ms\":null,\"units\":["));
  CHECK(boot().find("\"unit\":\"service.web\",\"from_ms\":250,\"to_ms\":2000,\"state\":\"\"") !=
        std::string::npos);
  world.events.add({0, 0, "state", "service.web", "starting", "ready", ""}, 1'500'000);
  world.events.add({0, 0, "boot-done", "", "", "", ""}, 1'500'000);
  // What comes later is not the boot.
  for (int i = 0; i < 2000; ++i)
    world.events.add({0, 0, "state", "service.web", "ready", "backoff", ""}, 9'000'000);
  CHECK(boot().find("\"done_ms\":500,") != std::string::npos);
  CHECK(boot().find("\"to_ms\":500,\"state\":\"ready\"") != std::string::npos);
}

TEST_CASE("events are streamed, or listed") {
  World world;
  world.events.add({0, 0, "state", "service.web", "idle", "ready", ""}, 5);
  world.events.add({0, 0, "boot-done", "", "", "", "done"}, 6);
  const auto stream = world.ask("GET", "/v1/events", "n=1&unit=web");
  const auto* watch = std::get_if<WatchEvents>(&stream);
  REQUIRE(watch != nullptr);
  CHECK(watch->query.units == std::vector<std::string>{"service.web"});
  CHECK(watch->query.count == 1);
  const auto body = parse_json(world.get("/v1/events", "follow=false&n=1").body);
  REQUIRE(body);
  REQUIRE(body->find("events")->array()->size() == 1);
  CHECK(body->find("events")->array()->front().get_string("type") == "boot-done");
  CHECK(body->get_int("next", 0) == 2);
  CHECK(std::holds_alternative<Response>(world.ask("HEAD", "/v1/events")));
}

TEST_CASE("a command in a unit's shape is told by its name, without its arguments") {
  const World world;
  Request request;
  request.method = "POST";
  request.path = "/v1/units/web/exec";
  request.query = "word=login&word=secret&terminal=true&rows=30&columns=100&term=vt100";
  request.headers = {{"connection", "upgrade"}, {"upgrade", "bootsman-session/1"}};
  const auto answer = answer_api(request, world.view());
  const auto* session = std::get_if<OpenSession>(&answer);
  REQUIRE(session != nullptr);
  CHECK(session->text == "run login with 1 arguments as service.web");
  CHECK(session->words == std::vector<std::string>{"login", "secret"});
  CHECK(session->terminal);
  CHECK(session->size == WindowSize{30, 100});
  CHECK(session->term == "vt100");
}

TEST_CASE("lines of logs since a time") {
  const World world;
  CHECK(world.lines("since_us=1000000&n=1") == "port is taken → 5");
  CHECK(world.lines("since_us=1000001") == " → 5");
}

TEST_CASE("HEAD is answered as GET") {
  const World world;
  CHECK(std::get<Response>(world.ask("HEAD", "/v1/units")).status == 200);
}

TEST_CASE("lines of logs") {
  const World world;
  const std::pair<std::string, std::string> rows[] = {
      {"", "boot, web 1, db 1, web 2, port is taken → 5"},
      {"n=2", "web 2, port is taken → 5"},
      {"n=0", " → 5"},
      {"unit=web", "web 1, web 2 → 4"},
      {"unit=web&unit=bootsman", "boot, web 1, web 2 → 4"},
      {"unit=web&unit=web", "web 1, web 2 → 4"},
      {"after=2", "db 1, web 2, port is taken → 5"},
      {"after=2&n=1", "db 1 → 3"},
      {"after=1&n=1&unit=service.db", "db 1 → 3"},
      {"after=5", " → 5"},
      {"after=4&unit=web", " → 4"},
      {"after=2&wait=10s", "db 1, web 2, port is taken → 5"},
  };
  for (const auto& [query, told] : rows) {
    CAPTURE(query);
    CHECK(world.lines(query) == told);
  }
}

TEST_CASE("who waits for a line is answered when there is one of its units") {
  World world;
  const auto answer = world.ask("GET", "/v1/logs", "unit=web&after=4&wait=10s");
  const auto* wait = std::get_if<WaitForLogs>(&answer);
  REQUIRE(wait != nullptr);
  CHECK(wait->query.wait == Millis{10'000});
  world.add(2, "db again");
  CHECK(!has_lines(wait->query, world.view()));
  world.add(1, "web again");
  CHECK(has_lines(wait->query, world.view()));
  CHECK(log_response(wait->query, world.view()).body.find("web again") != std::string::npos);
}

TEST_CASE("who was too slow for the lines is told so") {
  World world;
  const auto lost = [&](const std::string& query) {
    return parse_json(world.get("/v1/logs", query).body)->get_bool("lost", false);
  };
  for (int i = 0; i < 600; ++i) world.add(1, std::string(16 * 1024, 'x'));
  CHECK(lost("after=5"));
  CHECK(lost("after=5&unit=web"));
  CHECK_FALSE(lost("after=5&unit=db"));
  CHECK_FALSE(lost("after=600"));
  CHECK_FALSE(lost("n=10"));
}

TEST_CASE("an answer about logs has a limit of bytes, and loses nothing by it") {
  World world;
  for (int i = 0; i < 300; ++i) world.add(1, std::string(16 * 1024, 'x'));
  const auto first = world.get("/v1/logs", "n=10000&after=0");
  CHECK(first.body.size() < 2 * kLogBytesMax);
  const auto next = parse_json(first.body).value().get_int("next", 0);
  CHECK(next < 305);
  const auto second = parse_json(world.get("/v1/logs", "after=" + std::to_string(next)).body);
  CHECK(second.value().find("lines")->array()->front().get_int("sequence", 0) == next + 1);
}

TEST_CASE("api: a reload is asked for, refused with all errors, or takes its time") {
  const World world;
  const auto asked = world.ask("POST", "/v1/reload", "timeout=2s");
  const auto* reload = std::get_if<ApiReload>(&asked);
  REQUIRE(reload != nullptr);
  CHECK(reload->timeout == Millis{2'000});
  const auto refused = reload_refused("it is not valid", {"a.toml:1:1: error: x", "y"});
  CHECK(refused.status == 409);
  CHECK(parse_json(refused.body)->get_string("error") == "cannot reload: it is not valid");
  CHECK(parse_json(refused.body)->get_strings("details").size() == 2);
  CHECK(reload_overdue(Millis{2'000}).status == 504);
}

TEST_CASE("api: the units come with what is known of the configuration") {
  World world;
  world.bench.plan.sources = {"preset empty", "/etc/x.toml"};
  const std::set<std::string> changed{"/etc/x.toml"};
  ApiView view = world.view();
  view.changed_files = &changed;
  Request request;
  request.method = "GET";
  request.path = "/v1/units";
  const auto answer = answer_api(request, view);
  const auto body = parse_json(std::get<Response>(answer).body);
  REQUIRE(body);
  const Value* config = body->find("config");
  REQUIRE(config != nullptr);
  CHECK(config->get_strings("sources") == world.bench.plan.sources);
  CHECK(config->get_strings("changed") == std::vector<std::string>{"/etc/x.toml"});
  CHECK(!config->get_bool("reloading", true));
}

}  // namespace bootsman
