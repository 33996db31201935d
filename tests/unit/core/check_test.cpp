#include <doctest/doctest.h>

#include <functional>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

namespace {

CheckPlan tcp(int every, std::uint32_t failures = 3) {
  CheckPlan check{TcpProbe{"127.0.0.1", 80}};
  check.every = Millis{every};
  check.failures = failures;
  return check;
}

Bench up(const std::function<void(Unit&)>& set) {
  PlanBuilder made;
  set(made.service("a"));
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  return bench;
}

}  // namespace

TEST_CASE("probes start `every` apart, and never two at once") {
  Bench bench = up([](Unit& unit) {
    unit.ready = tcp(500);
    unit.ready->initial_delay = Millis{200};
  });
  CHECK(bench.tick(Millis{199}) == "");
  CHECK(bench.tick(Millis{1}) == "check a ready");
  CHECK(bench.tick(Millis{5'000}) == "");
  CHECK(bench.checked("a", CheckKind::Ready, false) == "");  // It took longer than `every`.
  CHECK(bench.tick(Millis{9}) == "");
  CHECK(bench.tick(Millis{1}) == "check a ready");
  bench.now += Millis{100};
  bench.checked("a", CheckKind::Ready, false);
  CHECK(bench.tick(Millis{399}) == "");
  CHECK(bench.tick(Millis{1}) == "check a ready");
}

TEST_CASE("a unit that is not ready in time is marked, and lives on") {
  Bench bench = up([](Unit& unit) {
    unit.ready = tcp(500);
    unit.timeout = Millis{2'000};
  });
  bench.tick();
  bench.checked("a", CheckKind::Ready, false, "connection refused");
  CHECK(bench.tick(Millis{500}) == "check a ready");
  CHECK(bench.tick(Millis{1'500}) == "");
  CHECK(bench.is("a") == "running");
  CHECK(bench.status("a").why == "not ready after 2 s: connection refused");
  bench.checked("a", CheckKind::Ready, false, "no route");
  CHECK(bench.status("a").why == "not ready after 2 s: connection refused");
  bench.tick_when_due();
  bench.checked("a", CheckKind::Ready, true);
  CHECK(bench.is("a") == "ready");
  CHECK(bench.status("a").why == "");
}

TEST_CASE("ready after `settle` where nothing checks it") {
  Bench bench = up([](Unit& unit) { unit.settle = Millis{300}; });
  CHECK(bench.is("a") == "running");
  bench.tick(Millis{299});
  CHECK(bench.is("a") == "running");
  bench.tick(Millis{1});
  CHECK(bench.is("a") == "ready");
}

TEST_CASE("health is unknown, then good, then bad after failures in a row, then good again") {
  Bench bench = up([](Unit& unit) { unit.health = tcp(1'000, 3); });
  CHECK(bench.status("a").health == Health::Unknown);
  const auto probe = [&](bool ok) {
    CHECK(bench.tick_when_due() == "check a health");
    CHECK(bench.checked("a", CheckKind::Health, ok, "timed out") == "");
    return bench.status("a").health;
  };
  CHECK(probe(false) == Health::Unknown);
  CHECK(probe(true) == Health::Healthy);
  CHECK_FALSE(bench.was_said("a: healthy again"));
  CHECK(probe(false) == Health::Healthy);
  CHECK(probe(false) == Health::Healthy);
  CHECK(probe(true) == Health::Healthy);
  CHECK(probe(false) == Health::Healthy);
  CHECK(probe(false) == Health::Healthy);
  CHECK(probe(false) == Health::Unhealthy);
  CHECK(bench.is("a") == "ready");
  CHECK(bench.status("a").why == "unhealthy: timed out, 3 times in a row");
  CHECK(health_verdict(bench.plan, bench.state).ok);  // A hung service is shown, not killed.
  CHECK(probe(true) == Health::Healthy);
  CHECK(bench.status("a").why == "");
  CHECK(bench.was_said("a: healthy again"));
}

TEST_CASE("after a pause of the whole container a check is due at once") {
  Bench bench = up([](Unit& unit) { unit.health = tcp(1'000); });
  bench.tick();
  bench.checked("a", CheckKind::Health, true);
  CHECK(bench.tick(Millis{60'000}) == "check a health");
}

TEST_CASE("a pause is not held against a child that has not come to its program") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  bench.spawned("a");
  bench.tick(Millis{60'000});
  CHECK(bench.status("a").why == "");
}

TEST_CASE("on_unhealthy = restart stops the unit, then starts it again") {
  Bench bench = up([](Unit& unit) {
    unit.health = tcp(1'000, 1);
    unit.health->on_unhealthy = OnUnhealthy::Restart;
    unit.restart.delay = Millis{0};
  });
  bench.tick_when_due();
  CHECK(bench.checked("a", CheckKind::Health, false) == "kill a SIGTERM group");
  CHECK(bench.is("a") == "stopping");
  CHECK(bench.tick(Millis{10'000}) == "kill a SIGKILL group");
  CHECK(bench.ended("a", ExitStatus::signaled(9)) == "spawn a");
  // Not only by which signal of ours it has died, but why.
  CHECK(bench.was_said("a: killed by SIGKILL after 10 s (unhealthy: refused); restart at once"));
}

TEST_CASE("a step that was stopped for its time is told as such, whatever it died of") {
  PlanBuilder made;
  made.step("slow").timeout = Millis{5'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("slow");
  CHECK(bench.tick(Millis{5'000}) == "kill slow SIGTERM group");
  bench.ended("slow", ExitStatus::exited(0));
  CHECK(bench.is("slow") == "failed");
  CHECK(bench.status("slow").why == "exited 0 after 5 s (not done after 5 s)");
}

namespace {

/// Three built-in steps in one helper; the second has five seconds.
Bench three_steps() {
  PlanBuilder made;
  made.builtin("first");
  made.builtin("slow").timeout = Millis{5'000};
  made.builtin("last");
  Bench bench(made.plan());
  bench.boot();
  return bench;
}

}  // namespace

TEST_CASE("a built-in step that is out of time fails alone; those behind it are due again") {
  Bench bench = three_steps();
  CHECK(next_deadline(bench.state) == std::nullopt);
  bench.tick(Millis{60'000});
  // Its time begins when the helper comes to it.
  CHECK(bench.step_over("first", StepResult::Changed) == "");
  CHECK(next_deadline(bench.state) == bench.now + Millis{5'000});
  CHECK(bench.tick(Millis{4'999}) == "");
  CHECK(bench.tick(Millis{1}) == "kill slow SIGKILL tree");
  CHECK(bench.is("slow") == "stopping");
  CHECK(bench.was_said("slow: not done after 5 s; stopping it"));
  CHECK(bench.step_over("slow", StepResult::Failed, "the helper was killed by SIGTERM") == "");
  CHECK(bench.is("slow") == "failed");
  CHECK(bench.status("slow").why == "not done after 5 s");
  CHECK(bench.step_over("last", StepResult::NotBegun) == "steps last");
  bench.step_over("last", StepResult::Changed);
  CHECK(bench.was_said("boot done in 1 min: 2 done, 1 failed"));
}

TEST_CASE("an answer about another step does not give a step more time") {
  Bench bench = three_steps();
  bench.step_over("first", StepResult::Changed);
  const auto due = next_deadline(bench.state);
  bench.now += Millis{2'000};
  bench.step_over("last", StepResult::Changed);
  CHECK(next_deadline(bench.state) == due);
}

TEST_CASE("a step that is done while it is being stopped is done") {
  Bench bench = three_steps();
  bench.step_over("first", StepResult::Changed);
  bench.tick(Millis{5'000});
  bench.step_over("slow", StepResult::Unchanged);
  CHECK(bench.is("slow") == "done");
}

TEST_CASE("a pause of the container is not held against a built-in step") {
  Bench bench = three_steps();
  bench.step_over("first", StepResult::Changed);
  CHECK(bench.tick(Millis{15'000}) == "");
  CHECK(next_deadline(bench.state) == bench.now + Millis{5'000});
}

TEST_CASE(
    "a step out of time while the container stops, and those behind it, are not started again") {
  Bench bench = three_steps();
  bench.step_over("first", StepResult::Changed);
  bench.tick(Millis{5'000});
  bench.signal(15);
  CHECK(bench.step_over("slow", StepResult::Failed) == "");
  CHECK(bench.is("slow") == "stopped");
  CHECK(bench.step_over("last", StepResult::NotBegun) == "sweep SIGTERM");
  CHECK(bench.is("last") == "stopped");
}

TEST_CASE("a pause of the whole container is not held against a unit") {
  PlanBuilder made;
  made.step("slow").timeout = Millis{5'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("slow");
  CHECK(bench.tick(Millis{15'000}) == "");  // Ten seconds late: nothing could run.
  CHECK(bench.is("slow") == "running");
  CHECK(next_deadline(bench.state) == bench.now + Millis{5'000});
  CHECK(bench.tick(Millis{5'900}) == "kill slow SIGTERM group");
}

TEST_CASE("a child that does not come to its program is named") {
  PlanBuilder made;
  made.service("a").launch.directory = "/workdir";
  Bench bench(made.plan());
  bench.boot();
  bench.spawned("a");
  CHECK(bench.tick(Millis{10'000}) == "");
  CHECK(bench.status("a").why == "its program is not executed after 10 s: does /workdir hang?");
  CHECK(next_deadline(bench.state) == std::nullopt);
  bench.executed("a");
  CHECK(bench.is("a") == "ready");

  made.plan().units[0].timeout = Millis{2'000};
  Bench sooner(made.plan());
  sooner.boot();
  sooner.spawned("a");
  sooner.tick(Millis{2'000});
  CHECK(sooner.status("a").why == "its program is not executed after 2 s: does /workdir hang?");
}
