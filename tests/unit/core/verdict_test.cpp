#include <doctest/doctest.h>

#include <cerrno>

#include "base/format.h"
#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

TEST_CASE("the answers of health, ready and startup along a life") {
  PlanBuilder made;
  Unit& web = made.service("web");
  web.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  web.restart.limit = 1;
  Unit& extra = made.service("extra");
  extra.on_failure = OnFailure::Ignore;
  extra.restart.when = RestartPolicy::When::Never;
  Bench bench(made.plan());
  const auto answers = [&] {
    const auto word = [](const Verdict& verdict) { return verdict.ok ? "yes" : "no"; };
    return format("health {}, ready {}, startup {}", word(health_verdict(bench.plan, bench.state)),
                  word(ready_verdict(bench.plan, bench.state)),
                  word(startup_verdict(bench.plan, bench.state)));
  };
  CHECK(answers() == "health yes, ready no, startup no");
  bench.boot();
  bench.up("web");
  bench.spawned("extra");
  bench.exec_failed("extra", ENOENT, "no such file");
  CHECK(answers() == "health yes, ready no, startup no");
  const Verdict waits = ready_verdict(bench.plan, bench.state);
  REQUIRE(waits.reasons.size() == 1);
  CHECK(waits.reasons[0].unit == "service.web");
  CHECK(waits.reasons[0].why == "running");
  bench.tick();
  bench.checked("web", CheckKind::Ready, true);
  CHECK(answers() == "health yes, ready yes, startup yes");
  bench.ended("web", ExitStatus::exited(1));
  CHECK(answers() == "health yes, ready no, startup yes");
  bench.tick_when_due();
  bench.up("web");
  bench.ended("web", ExitStatus::exited(1));
  CHECK(bench.is("web") == "failed");
  CHECK(answers() == "health no, ready no, startup yes");
  const Verdict sick = health_verdict(bench.plan, bench.state);
  REQUIRE(sick.reasons.size() == 1);
  CHECK(sick.reasons[0].unit == "service.web");
  CHECK(sick.reasons[0].why.starts_with("failed: exited 1 after 0 ms"));
}

TEST_CASE("while the boot goes on, what has to come is named, also what may fail") {
  PlanBuilder made;
  made.builtin("motd");
  Bench bench(made.plan());
  bench.boot();
  const Verdict verdict = ready_verdict(bench.plan, bench.state);
  REQUIRE(verdict.reasons.size() == 1);
  CHECK(verdict.reasons[0].unit == "step.motd");
}

TEST_CASE("nobody waits for what is skipped") {
  PlanBuilder made;
  made.service("a").conditions.skip_reason = "not wanted";
  made.service("b").ready = CheckPlan{TcpProbe{"127.0.0.1", 81}};
  made.service("c", {}, {"a", "b"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  bench.ended("b", ExitStatus::exited(1));
  CHECK(bench.is("c") == "waiting");
  CHECK(bench.status("c").why == "waits for service.b");
}

TEST_CASE("a waiting unit says what it waits for") {
  PlanBuilder made;
  made.service("a").ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  made.service("b").ready = CheckPlan{TcpProbe{"127.0.0.1", 81}};
  made.service("c", {"b"}, {"a"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.up("b");
  CHECK(bench.status("c").why == "waits for service.b and 1 more");
  bench.ended("a", ExitStatus::exited(1));
  bench.tick();
  bench.checked("b", CheckKind::Ready, true);
  CHECK(bench.is("c") == "waiting");  // It requires what is in backoff.
  CHECK(bench.status("c").why == "waits for service.a");
}
