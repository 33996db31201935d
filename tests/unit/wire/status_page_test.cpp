#include "wire/status_page.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "wire/status_view.h"

namespace bootsman {

namespace {

struct World {
  World() {
    for (const char* name : {"web", "model"}) {
      Unit unit;
      unit.name = name;
      plan.units.push_back(unit);
    }
    plan.dependants.resize(2);
    state = initial_state(plan, 1);
    state.units[0].phase = phase::Ready{};
    state.units[0].restarts = 3;
    state.units[1].phase = phase::Failed{};
    state.units[1].why = "exited 1 <script>alert(1)</script> & \"more\"";
  }
  PageView view() {
    CgroupUsage usage;
    usage.memory_bytes = 1536 * 1024 * 1024ULL;
    usage.memory_limit_bytes = 8ULL << 30;
    usage.cpu = Micros(5'000'000);
    return {plan,   state, events, usage, MonoTime{std::chrono::seconds(125)}, 10'000'000,
            &mounts, logs};
  }
  /// A third unit: a mount that is there.
  void mount() {
    Unit unit;
    unit.kind = UnitKind::Mount;
    unit.name = "data";
    unit.mount.emplace().target = "/data<1>";
    plan.units.push_back(unit);
    plan.dependants.resize(3);
    state = initial_state(plan, 1);
    state.units[2].phase = phase::Ready{};
    mounts[2] = {3, Millis{40}, 5ULL << 20};
  }
  void happened(const char* unit, const char* from, const char* to, std::int64_t ms) {
    EventRecord event;
    event.type = "state";
    event.unit = unit;
    event.from = from;
    event.to = to;
    events.add(event, 1'000'000 + ms * 1000);
  }
  std::string page(const std::string& language = "", const std::string& path = "/-/status") {
    Request request;
    request.path = path;
    if (!language.empty()) request.headers.push_back({"accept-language", language});
    return status_page(request, view(), "N0NCE").body;
  }
  Plan plan;
  State state;
  EventLog events;
  MountNumbersByUnit mounts;
  bool logs = false;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("the page shows every unit without a script") {
  World world;
  const std::string page = world.page();
  CHECK(has(page, "<td>service.web</td><td><span class=\"state ready\">ready</span></td>"));
  CHECK(has(page, "<span class=\"state failed\">failed</span>"));
  CHECK(has(page, ">3</td>"));
  CHECK(has(page, "1.5 GiB / 8"));
  CHECK(has(page, "http-equiv=\"refresh\""));
}

TEST_CASE("the page shows mounts where there are any") {
  World world;
  CHECK(has(world.page(), "<section id=\"mounts-part\" hidden>"));
  world.mount();
  const std::string page = world.page();
  CHECK(has(page, "<section id=\"mounts-part\"><h2>Mounts</h2>"));
  CHECK(has(page,
            "<tr><td>mount.data</td><td class=\"number\" data-label=\"On\">/data&lt;1&gt;</td>"
            "<td><span class=\"state up\">up</span></td>"
            "<td class=\"number\" data-label=\"Remounts\">2</td>"
            "<td class=\"number\" data-label=\"Answers in\">40 ms</td>"
            "<td class=\"number\" data-label=\"Cache\">5 MiB</td></tr>"));
  CHECK(has(status_event(world.view()),
            "\"mounts\":[{\"id\":\"mount.data\",\"target\":\"/data<1>\",\"up\":true,"
            "\"remounts\":2,\"probe_ms\":40,\"cache\":5242880}]"));
  world.state.units[2].phase = phase::Backoff{};
  CHECK(has(world.page(), "<span class=\"state away\">away</span>"));
}

TEST_CASE("nothing that a unit is called or says becomes a part of the page") {
  World world;
  const std::string page = world.page();
  CHECK(!has(page, "<script>alert"));
  CHECK(has(page, "exited 1 &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"));
}

TEST_CASE("the page lets in only what bears its nonce, and nothing from elsewhere") {
  World world;
  Request request;
  request.path = "/-/status";
  const Response response = status_page(request, world.view(), "N0NCE");
  REQUIRE(response.headers[0].name == "Content-Security-Policy");
  CHECK(
      response.headers[0].value ==
      "default-src 'none'; style-src 'nonce-N0NCE'; script-src 'nonce-N0NCE'; connect-src 'self'; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  CHECK(!has(response.body, "src="));
  CHECK(!has(response.body, "href="));
  CHECK(!has(response.body, "https://"));
  CHECK(!has(response.body, " style="));
  CHECK(!has(response.body, " onclick="));
}

TEST_CASE("the page leads to the units' output where that is shown at all") {
  World world;
  CHECK(!has(world.page(), "<a "));
  world.logs = true;
  CHECK(has(world.page("", "/-/status"), "<a href=\"logs\">Output of the units</a>"));
  CHECK(has(world.page("", "/status"), "<a href=\"-/logs\">"));
}

TEST_CASE("the page speaks the language that the browser asks for first") {
  struct Row {
    const char* accepted;
    const char* title;
  };
  const Row rows[] = {{"", "Container status"},
                      {"en-GB, zh;q=0.5", "Container status"},
                      {"zh-CN,zh;q=0.9,en;q=0.8", "容器状态"},
                      {"de, zh-TW, en", "容器状态"},
                      {"fr", "Container status"}};
  World world;
  for (const Row& row : rows) {
    CAPTURE(row.accepted);
    CHECK(has(world.page(row.accepted), "<h1>" + std::string(row.title) + "</h1>"));
  }
}

TEST_CASE("the page finds its events from both of its paths") {
  World world;
  CHECK(has(world.page("", "/-/status"), "data-events=\"events\""));
  CHECK(has(world.page("", "/status"), "data-events=\"-/events\""));
}

TEST_CASE("the boot is shown from each unit's first start to its first outcome") {
  World world;
  world.happened("service.web", "idle", "waiting", 0);
  world.happened("service.web", "waiting", "starting", 10);
  world.happened("service.model", "waiting", "starting", 20);
  world.happened("service.web", "running", "ready", 110);
  world.happened("service.web", "ready", "backoff", 500);
  world.happened("service.web", "backoff", "starting", 900);
  const PageView view = world.view();
  const auto spans = boot_spans(view.plan, view.events, view.wall_us);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].unit == "service.web");
  CHECK(spans[0].from_ms == 10);
  CHECK(spans[0].to_ms == 110);
  CHECK(spans[0].state == "ready");
  CHECK(spans[1].from_ms == 20);
  CHECK(spans[1].to_ms == 9000);  // Until now.
  CHECK(spans[1].state == "");
  CHECK(has(world.page(), "<span>service.web</span>"));
}

TEST_CASE("a step that began and had nothing to do is over") {
  World world;
  world.happened("service.web", "waiting", "running", 10);
  world.happened("service.web", "running", "skipped", 60);
  const PageView view = world.view();
  const auto spans = boot_spans(view.plan, view.events, view.wall_us);
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].to_ms == 50);
  CHECK(spans[0].state == "skipped");
}

TEST_CASE("of two that end in one millisecond a unit waited for the one that began later") {
  World world;
  world.mount();
  world.plan.units[2].after = {UnitIndex{1}, UnitIndex{0}};
  world.happened("service.web", "waiting", "starting", 0);
  world.happened("service.web", "running", "ready", 300);
  world.happened("service.model", "waiting", "starting", 300);
  world.happened("service.model", "starting", "ready", 300);
  world.happened("mount.data", "waiting", "starting", 300);
  const PageView view = world.view();
  const auto spans = boot_spans(view.plan, view.events, view.wall_us);
  REQUIRE(spans.size() == 3);
  CHECK(spans[2].after == "service.model");
}

TEST_CASE("what the script gets is one line of JSON for each event of the stream") {
  World world;
  world.happened("service.web", "starting", "ready", 5);
  const std::string text = status_event(world.view());
  REQUIRE(text.starts_with("event: status\ndata: {"));
  REQUIRE(text.ends_with("}\n\n"));
  CHECK(text.find('\n', 20) == text.size() - 2);
  const auto value = parse_json(text.substr(text.find('{'), text.size() - 2 - text.find('{')));
  REQUIRE(value.has_value());
  CHECK(value->find("units")->array()->size() == 2);
  CHECK(value->get_bool("healthy", true) == false);
  CHECK((*value->find("events")->array())[0].get_string("text") == "service.web: starting → ready");
  CHECK(usage_event(world.view()) ==
        "event: usage\ndata: {\"time_us\":10000000,\"memory\":1610612736,\"limit\":8589934592,"
        "\"cpu_us\":5000000}\n\n");
}

}  // namespace bootsman
