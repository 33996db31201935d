#include <doctest/doctest.h>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

namespace {

/// A mount "m" as the configuration makes one, beside a service "b" that is restarted with it.
PlanBuilder mount_plan(OnFailure on_failure = OnFailure::Shutdown) {
  PlanBuilder made;
  Unit& m = made.mount("m");
  m.on_failure = on_failure;
  m.timeout = Millis{30'000};
  m.restart.delay = Millis{1'000};
  m.restart.factor = 1;
  m.ready = CheckPlan{MountProbe{}};
  m.health = CheckPlan{MountProbe{}};
  m.health->failures = 1;
  m.stop.kill = KillScope::Process;
  Unit& b = made.service("b", {"m"});
  b.restart_on = {made.index("m")};
  return made;
}

/// The end of the run, as the mount's helper tells it.
std::string ends(Bench& bench, const std::string& said, bool hopeless) {
  ProcessEnd end{bench.at("m"), bench.run("m"), ExitStatus::exited(1)};
  end.said = said;
  end.hopeless = hopeless;
  return bench.send(ProcessesEnded{{end}, 0});
}

void make_ready(Bench& bench) {
  bench.up("m");
  bench.tick();
  bench.checked("m", CheckKind::Ready, true);
}

UnitState state_of(const Bench& bench, const std::string& name) {
  return unit_state(bench.state.units[bench.at(name).value].phase);
}

std::string why_of(const Bench& bench, const std::string& name) {
  return bench.state.units[bench.at(name).value].why;
}

}  // namespace

TEST_CASE("a first mount that cannot succeed ends the container with 1, and says why") {
  Bench bench(mount_plan().plan());
  bench.boot();
  bench.up("m");
  ends(bench, "cannot mount s3://b/x: access denied", true);
  CHECK(state_of(bench, "m") == UnitState::Failed);
  CHECK(bench.counted(0) == "finish 1 mount.m failed: cannot mount s3://b/x: access denied");
}

TEST_CASE("a first mount is tried until its time is over") {
  Bench bench(mount_plan().plan());
  bench.boot();
  for (int tries = 0; tries < 10; ++tries) {
    bench.up("m");
    bench.now += Millis{2'000};
    ends(bench, "cannot mount: no answer", false);
    CHECK(state_of(bench, "m") == UnitState::Backoff);
    bench.now += Millis{1'000};
    CHECK(bench.tick() == "spawn m");
  }
  bench.up("m");
  ends(bench, "cannot mount: no answer", false);
  CHECK(state_of(bench, "m") == UnitState::Failed);
  CHECK(why_of(bench, "m") == "cannot mount: no answer; not mounted within 30 s");
}

TEST_CASE("a first mount that hangs is stopped when its time is over, and has failed") {
  Bench bench(mount_plan().plan());
  bench.boot();
  bench.up("m");
  std::string orders;
  while (orders.find("kill m SIGTERM process") == std::string::npos) {
    orders = bench.tick_when_due();
    REQUIRE(bench.now <= MonoTime{Millis{1'031'000}});
    if (orders.find("check m ready") != std::string::npos)
      bench.checked("m", CheckKind::Ready, false, "it did not answer within 5 s");
  }
  bench.ended("m", ExitStatus::exited(0));
  CHECK(why_of(bench, "m") == "not mounted within 30 s: it did not answer within 5 s");
  CHECK(bench.counted(0).starts_with("finish 1 mount.m failed: not mounted within 30 s"));
}

TEST_CASE("a mount that was there once is tried for ever, and its failure is no end") {
  Bench bench(mount_plan().plan());
  bench.boot();
  make_ready(bench);
  bench.up("b");
  for (int tries = 0; tries < 100; ++tries) {
    ends(bench, "cannot mount: access denied", true);
    REQUIRE(state_of(bench, "m") == UnitState::Backoff);
    CHECK(health_verdict(bench.plan, bench.state).ok);
    CHECK(!ready_verdict(bench.plan, bench.state).ok);
    bench.now += Millis{1'000};
    bench.tick();
    bench.up("m");
    bench.now += Millis{40'000};
    bench.tick();
  }
}

TEST_CASE("a mount that was there once and may not be tried again is no end of the container") {
  PlanBuilder made = mount_plan();
  made.plan().units[0].restart.when = RestartPolicy::When::Never;
  Bench bench(made.plan());
  bench.boot();
  make_ready(bench);
  bench.up("b");
  ends(bench, "s3fs killed by SIGKILL", false);
  CHECK(state_of(bench, "m") == UnitState::Failed);
  CHECK_FALSE(bench.state.shutdown);
  CHECK_FALSE(health_verdict(bench.plan, bench.state).ok);
}

TEST_CASE("what began before a mount was there for the first time is not restarted for it") {
  Bench bench(mount_plan().plan());
  bench.boot();
  bench.up("m");
  ends(bench, "cannot mount: no answer", false);
  bench.up("b");
  bench.tick(Millis{1'000});
  bench.up("m");
  bench.tick();
  CHECK(bench.checked("m", CheckKind::Ready, true) == "");
  CHECK(state_of(bench, "b") == UnitState::Ready);
}

TEST_CASE("what names a mount in restart_on is restarted when it is there again, not before") {
  Bench bench(mount_plan().plan());
  bench.boot();
  make_ready(bench);
  bench.up("b");
  ends(bench, "s3fs killed by SIGKILL, and with it the mount", false);
  CHECK(state_of(bench, "b") == UnitState::Ready);
  bench.now += Millis{1'000};
  bench.tick();
  bench.up("m");
  bench.tick();
  CHECK(bench.checked("m", CheckKind::Ready, true) == "kill b SIGTERM group");
  CHECK(bench.ended("b", ExitStatus::signaled(15)) == "spawn b");
  CHECK(why_of(bench, "m") == "mounted again: s3fs killed by SIGKILL, and with it the mount");
}

TEST_CASE("a mount that is there again while endpoints drain stops nobody") {
  PlanBuilder made = mount_plan();
  made.plan().shutdown.drain = Millis{5'000};
  Bench bench(made.plan());
  bench.boot();
  make_ready(bench);
  bench.up("b");
  ends(bench, "s3fs killed by SIGKILL", false);
  bench.tick(Millis{1'000});
  bench.up("m");
  bench.tick();
  bench.signal(15);
  CHECK(bench.checked("m", CheckKind::Ready, true) == "");
}

TEST_CASE("a mount that a person starts has its whole time again") {
  Bench bench(mount_plan(OnFailure::Unhealthy).plan());
  bench.boot();
  bench.up("m");
  ends(bench, "cannot mount: access denied", true);
  REQUIRE(state_of(bench, "m") == UnitState::Failed);
  bench.now += Millis{3'600'000};
  bench.start("m");
  bench.up("m");
  CHECK(bench.tick() == "check m ready");
}

TEST_CASE("a mount that does not answer is not ready, and alive all the same") {
  Bench bench(mount_plan().plan());
  bench.boot();
  make_ready(bench);
  bench.up("b");
  CHECK(ready_verdict(bench.plan, bench.state).ok);
  bench.tick();
  bench.checked("m", CheckKind::Health, false, "it did not answer within 5 s");
  CHECK(state_of(bench, "m") == UnitState::Ready);
  CHECK(!ready_verdict(bench.plan, bench.state).ok);
  CHECK(health_verdict(bench.plan, bench.state).ok);
  bench.now += Millis{500};
  bench.tick();
  bench.checked("m", CheckKind::Health, true);
  CHECK(ready_verdict(bench.plan, bench.state).ok);
}

TEST_CASE("what survives SIGKILL for 2 s on a mount that does not answer takes that mount down") {
  for (const bool answers : {false, true}) {
    CAPTURE(answers);
    Bench bench(mount_plan().plan());
    bench.boot();
    make_ready(bench);
    bench.up("b");
    bench.tick();
    bench.checked("m", CheckKind::Health, answers, "it did not answer within 5 s");
    bench.command(StopUnit{bench.at("b")});
    bench.now += Millis{10'000};
    CHECK(bench.tick().find("kill b SIGKILL group") != std::string::npos);
    bench.now += Millis{2'000};
    const bool killed = bench.tick().find("kill m SIGKILL group") != std::string::npos;
    CHECK(killed == !answers);
  }
}

TEST_CASE("a mount is killed for what hangs on it, never for itself") {
  Bench bench(mount_plan().plan());
  bench.boot();
  make_ready(bench);
  bench.up("b");
  SUBCASE("while it is being stopped") {
    bench.stop("b");
    bench.now += Millis{1'000};
    bench.stop("m");
    CHECK(bench.tick(Millis{9'000}) == "kill b SIGKILL group");
    CHECK(bench.tick(Millis{1'000}) == "kill m SIGKILL process");
    CHECK(bench.tick(Millis{1'000}) == "kill m SIGKILL group");
    CHECK(bench.tick(Millis{1'000}) == "");
  }
  SUBCASE("for others of a group") {
    bench.tick();
    bench.checked("m", CheckKind::Health, false, "it did not answer within 5 s");
    bench.stop("b");
    bench.tick(Millis{10'000});
    bench.ended("b", ExitStatus::signaled(9), true);
    CHECK(bench.tick(Millis{2'000}).find("kill m SIGKILL group") != std::string::npos);
  }
}
