#include "wire/metrics.h"

#include <doctest/doctest.h>

#include "lib/golden.h"
#include "unit/core/bench.h"
#include "wire/metrics_text.h"

namespace bootsman {
namespace {

Plan some_plan() {
  test::PlanBuilder builder;
  builder.service("web");
  builder.service("db");
  for (const char* name : {"workdir", "never-tried"})
    builder.mount(name).mount.emplace().target = std::string("/") + name;
  return builder.plan();
}

/// web is ready, db's program exited 3 and waits for its restart; 100 s after the boot.
struct World {
  World() : bench(some_plan()) {
    bench.plan.units[1].restart.delay = Millis{600'000};
    bench.boot();
    bench.up("web");
    bench.up("db");
    bench.ended("db", ExitStatus::exited(3));
    bench.up("workdir");
    mounts[2] = {3, Millis{250}, 4096};
    gateway.routes.resize(2);
    gateway.routes[0].prefix = "/jupyter/";
    gateway.routes[1].prefix = "/";
    gateway_numbers.routes = {{{1, 2, 3, 0, 4, 5}, 600, Micros{70'000}}, {}};
    gateway_numbers.under_way = 8;
    checks[{"service.web", CheckKind::Health}] = {9, 1, Micros{1'500}, Micros{20'000}};
  }
  Response answer(std::string accept = "") const {
    Request request;
    if (!accept.empty()) request.headers.push_back({"accept", accept});
    MetricsView view{bench.plan, bench.state, checks, {}, {3, 90, 0, 0}, {}, {}, {}};
    view.logs = {{1000, 100'000, 7, 700}, {}, {}, {}};
    view.cgroup.memory_bytes = 1024;
    view.cgroup.memory_limit_bytes = 4096;
    view.cgroup.cpu = Micros{2'500'000};
    view.cgroup.throttling = Throttling{40, 3, Micros{250'000}};
    view.cgroup.pressure = {{"memory", Micros{1'000'000}, Micros{500}}};
    view.own = {Micros{10'000}, 2 * 1024 * 1024, 17};
    view.oom_kills = 1;
    view.orphans = 5;
    view.http_requests = 12;
    view.http_refused = 2;
    view.now = bench.now;
    view.wall_us = 1'700'000'000'500'000;
    view.mounts = &mounts;
    view.gateway = &gateway;
    view.gateway_numbers = &gateway_numbers;
    return metrics_response(request, view);
  }
  test::Bench bench;
  CheckCountsByUnit checks;
  MountNumbersByUnit mounts;
  GatewayPlan gateway;
  GatewayNumbers gateway_numbers;
};

struct AcceptRow {
  const char* name;
  const char* accept;
  MetricsFormat format;
};
const AcceptRow kAccepts[] = {
    {"no header", "", MetricsFormat::Prometheus},
    {"curl", "*/*", MetricsFormat::Prometheus},
    {"Prometheus 2",
     "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     MetricsFormat::OpenMetrics},
    {"Prometheus 3",
     "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5, text/plain; "
     "version=0.0.4;q=0.3",
     MetricsFormat::OpenMetrics},
    {"the old one is wanted more", "application/openmetrics-text;q=0.1,text/plain;q=0.9",
     MetricsFormat::Prometheus},
    {"only a draft of OpenMetrics", "application/openmetrics-text;version=0.0.1",
     MetricsFormat::Prometheus},
    {"refused by q=0", "application/openmetrics-text;q=0", MetricsFormat::Prometheus},
    {"a browser", "text/html,application/xml;q=0.9,*/*;q=0.8", MetricsFormat::Prometheus},
    {"garbage", ";;,=q,,;q=x", MetricsFormat::Prometheus},
};

}  // namespace

TEST_CASE("metrics: both formats") {
  const World world;
  const auto plain = world.answer();
  CHECK(plain.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(plain.body == test::golden("golden/wire/metrics.prom", plain.body));
  const auto open = world.answer("application/openmetrics-text; version=1.0.0");
  CHECK(open.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
  CHECK(open.body == test::golden("golden/wire/metrics.openmetrics", open.body));
}

TEST_CASE("metrics: the format that is asked for") {
  for (const AcceptRow& row : kAccepts) {
    CAPTURE(row.name);
    CHECK(metrics_format(row.accept) == row.format);
  }
}

TEST_CASE("metrics: a mount that hangs is not up") {
  World world;
  auto& ready = std::get<phase::Ready>(world.bench.state.units[2].phase);
  ready.health.emplace().health = Health::Unhealthy;
  const std::string up = "bootsman_mount_up{unit=\"mount.workdir\",type=\"tmpfs\",target=\"/workdir\"} ";
  CHECK(world.answer().body.find(up + "0\n") != std::string::npos);
}

TEST_CASE("metrics: label values are escaped") {
  MetricsText text(MetricsFormat::Prometheus);
  text.family({"x", "gauge", "", "X."});
  text.sample({{"a", "quote\" back\\ line\n"}, {"b", ""}}, std::uint64_t{1});
  CHECK(text.finish() ==
        "# HELP x X.\n# TYPE x gauge\nx{a=\"quote\\\" back\\\\ line\\n\",b=\"\"} 1\n");
}

}  // namespace bootsman
