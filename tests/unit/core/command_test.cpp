#include <doctest/doctest.h>

#include <cerrno>
#include <functional>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

// What people ask for, and what becomes of it. Each phase × each command is in the table of
// phase_table_test.cpp; here are the ways that take more than one fact.

namespace {

const ExitStatus kTerminated = ExitStatus::signaled(15);

/// Services "base" and "top", which requires it, beside "other"; all run.
Bench running_pair() {
  PlanBuilder made;
  made.service("base");
  made.service("top", {}, {"base"});
  made.service("other");
  Bench bench(made.plan());
  bench.boot();
  bench.up("base");
  bench.up("other");
  bench.up("top");
  return bench;
}

Bench one_service(const std::function<void(Unit&)>& shape = [](Unit&) {}) {
  PlanBuilder made;
  shape(made.service("a"));
  Bench bench(made.plan());
  bench.boot();
  return bench;
}

}  // namespace

TEST_CASE("a stopped unit stays stopped until it is started, and is healthy meanwhile") {
  Bench bench = running_pair();
  CHECK(bench.stop("top") == "kill top SIGTERM group");
  CHECK(bench.is("top") == "stopping");
  CHECK(bench.ended("top", kTerminated) ==
        "reply ok: service.top is stopped: by command: killed by SIGTERM after 0 ms");
  CHECK(bench.tick(Millis{3'600'000}) == "");
  CHECK(bench.is("top") == "stopped");
  CHECK(health_verdict(bench.plan, bench.state).ok);
  const Verdict ready = ready_verdict(bench.plan, bench.state);
  CHECK_FALSE(ready.ok);
  REQUIRE(ready.reasons.size() == 1);
  CHECK(ready.reasons[0].unit == "service.top");
  CHECK(startup_verdict(bench.plan, bench.state).ok);

  CHECK(bench.start("top") == "spawn top");
  CHECK(bench.up("top") == "reply ok: service.top is ready");
  CHECK(ready_verdict(bench.plan, bench.state).ok);
}

TEST_CASE("those who require a stopped unit go on, which is said") {
  Bench bench = running_pair();
  bench.stop("base");
  CHECK(bench.was_said("base: stop by command; service.top requires it and goes on without it"));
  CHECK(bench.ended("base", kTerminated) ==
        "reply ok: service.base is stopped: by command: killed by SIGTERM after 0 ms; "
        "service.top requires it and goes on without it");
  CHECK(bench.is("top") == "ready");
}

TEST_CASE("the start of a requirement starts those who are blocked for its want") {
  PlanBuilder made;
  made.service("base").restart.when = RestartPolicy::When::Never;
  made.service("middle", {}, {"base"});
  made.service("top", {}, {"middle"});
  made.service("other");
  Bench bench(made.plan());
  bench.boot();
  bench.up("other");
  SUBCASE("after it was stopped") {
    bench.up("base");
    bench.stop("middle");
    bench.spawned("middle");
    bench.ended("middle", kTerminated);
    CHECK(bench.is("top") == "blocked");
    CHECK(bench.start("middle") == "spawn middle");
    CHECK(bench.is("top") == "waiting");
    CHECK(bench.up("middle") == "reply ok: service.middle is ready; spawn top");
  }
  SUBCASE("after it failed") {
    bench.spawned("base");
    bench.exec_failed("base", ENOENT, "no such file");
    CHECK(bench.is("middle") == "blocked");
    CHECK(bench.is("top") == "blocked");
    CHECK(bench.start("base") == "spawn base");
    CHECK(bench.is("top") == "waiting");
    CHECK(bench.up("base") == "reply ok: service.base is ready; spawn middle");
    CHECK(bench.up("middle") == "spawn top");
  }
  SUBCASE("not those who were stopped themselves") {
    bench.spawned("base");
    bench.exec_failed("base", ENOENT, "no such file");
    CHECK(bench.stop("middle") == "reply ok: service.middle is stopped: by command");
    bench.start("base");
    bench.up("base");
    CHECK(bench.is("middle") == "stopped");
    CHECK(bench.is("top") == "blocked");
  }
}

TEST_CASE("a start does not touch those who are blocked for want of another") {
  PlanBuilder made;
  for (const char* name : {"base", "missing"}) made.service(name);
  made.service("top", {"base"}, {"missing"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("base");
  bench.spawned("missing");
  bench.exec_failed("missing", ENOENT, "no such file");
  REQUIRE(bench.is("top") == "blocked");
  const MonoTime blocked = bench.now;
  bench.stop("base");
  bench.ended("base", kTerminated);
  bench.now += Millis{1'000};
  bench.start("base");
  CHECK(bench.is("top") == "blocked");
  CHECK(bench.status("top").since == blocked);
}

TEST_CASE("a later command overtakes the earlier one") {
  Bench bench = one_service();
  bench.up("a");
  bench.stop("a");
  CHECK(bench.start("a") == "reply no: service.a: overtaken by start");
  CHECK(bench.restart("a") == "reply no: service.a: overtaken by restart");
  CHECK(bench.stop("a") == "reply no: service.a: overtaken by stop");
  CHECK(bench.start("a") == "reply no: service.a: overtaken by start");
  CHECK(bench.ended("a", kTerminated) == "spawn a");
  CHECK(bench.up("a") == "reply ok: service.a is ready");
}

TEST_CASE("a restart stops, and starts at once whatever the restart policy says") {
  Bench bench = one_service([](Unit& unit) {
    unit.restart.when = RestartPolicy::When::Never;
    unit.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  });
  bench.up("a");
  CHECK(bench.restart("a") == "kill a SIGTERM group");
  CHECK(bench.ended("a", kTerminated, true) == "");  // Its group is being stopped.
  CHECK(bench.group_emptied("a") == "spawn a");
  bench.up("a");
  bench.tick();
  CHECK(bench.checked("a", CheckKind::Ready, true) == "reply ok: service.a is ready");
  CHECK(bench.status("a").restarts == 1);
}

TEST_CASE("a restart while its process is being made starts it again") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  CHECK(bench.restart("a") == "");
  CHECK(bench.spawned("a") == "kill a SIGTERM group");
  CHECK(bench.ended("a", ExitStatus::signaled(15)) == "spawn a");
}

TEST_CASE("a process that can't be made is no run that a restart has ended") {
  Bench bench = one_service();
  bench.restart("a");
  CHECK(bench.spawn_failed("a", EAGAIN, "cannot make a process") == "spawn a");
  CHECK(bench.status("a").restarts == 0);
}

TEST_CASE("a start forgets delay, failures and limit") {
  Bench bench = one_service([](Unit& unit) {
    unit.restart.limit = 1;
    unit.restart.delay = Millis{10'000};
  });
  bench.up("a");
  bench.ended("a", ExitStatus::exited(1));
  REQUIRE(bench.is("a") == "backoff");
  CHECK(bench.restart("a") == "spawn a");
  bench.up("a");
  bench.ended("a", ExitStatus::exited(1));
  CHECK(bench.is("a") == "backoff");  // Not failed: the restart before does not count.
  bench.tick_when_due();
  bench.up("a");
  bench.ended("a", ExitStatus::exited(1));
  REQUIRE(bench.is("a") == "failed");
  CHECK_FALSE(health_verdict(bench.plan, bench.state).ok);
  bench.start("a");
  CHECK(bench.up("a") == "reply ok: service.a is ready");
  CHECK(health_verdict(bench.plan, bench.state).ok);
}

TEST_CASE("a start that comes to nothing is answered with the reason") {
  struct Row {
    const char* name;
    std::function<std::string(Bench&)> end;
    const char* answer;
  };
  const std::vector<Row> rows{
      {"it exits before it is ready",
       [](Bench& b) { return b.up("a"), b.ended("a", ExitStatus::exited(1)); },
       "reply no: service.a: exited 1 after 0 ms; restart in 0.5 s"},
      {"its program is missing",
       [](Bench& b) { return b.spawned("a"), b.exec_failed("a", ENOENT, "no such file"); },
       "reply no: service.a failed: no such file"},
      {"the container stops", [](Bench& b) { return b.signal(15); },
       "reply no: the container stops: SIGTERM"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench = one_service([](Unit& unit) { unit.ready = CheckPlan{TcpProbe{"::1", 80}}; });
    bench.stop("a");
    bench.spawned("a");
    bench.ended("a", kTerminated);
    REQUIRE(bench.start("a") == "spawn a");
    const std::string orders = row.end(bench);
    CHECK(orders.substr(0, std::string(row.answer).size()) == row.answer);
  }
}

TEST_CASE("a stop which the process ignores ends in SIGKILL after its timeout") {
  Bench bench = one_service();
  bench.up("a");
  bench.stop("a");
  CHECK(bench.tick(Millis{9'999}) == "");
  CHECK(bench.tick(Millis{1}) == "kill a SIGKILL group");
  CHECK(bench.ended("a", ExitStatus::signaled(9)).starts_with("reply ok: service.a is stopped"));
}

TEST_CASE("a command step can be started again, a built-in one can't") {
  PlanBuilder made;
  made.builtin("motd");
  made.step("hello");
  made.service("s");
  Bench bench(made.plan());
  bench.boot();
  bench.up("hello");
  bench.ended("hello", ExitStatus::exited(0));
  bench.step_over("motd", StepResult::Changed);
  CHECK(bench.start("hello") == "spawn hello");
  bench.up("hello");
  CHECK(bench.ended("hello", ExitStatus::exited(0)) ==
        "reply ok: step.hello is done: exited 0 after 0 ms");
  CHECK(bench.start("motd") == "reply no: step.motd is a built-in step: it runs at boot only");
}

TEST_CASE("the stop of the job stops the container, its restart does not") {
  PlanBuilder made;
  made.job();
  Bench bench(made.plan());
  bench.boot();
  bench.up("job");
  SUBCASE("stop") {
    CHECK(
        bench.stop("job") ==
        "reply ok: the job's end ends the container: the container stops; kill job SIGTERM group");
    bench.ended("job", kTerminated);
    CHECK(bench.counted(0) == "finish 143 stop of the job by command");
  }
  SUBCASE("restart") {
    CHECK(bench.restart("job") == "kill job SIGTERM group");
    CHECK(bench.ended("job", kTerminated) == "spawn job");
    CHECK(bench.up("job") == "reply ok: job is ready");
    bench.ended("job", ExitStatus::exited(3));
    CHECK(bench.counted(0) == "finish 3 job: exited 3 after 0 ms");
  }
  SUBCASE("restart, where others of its group are left") {
    bench.restart("job");
    CHECK(bench.ended("job", kTerminated, true) == "");
    CHECK_FALSE(bench.state.shutdown);
    CHECK(bench.group_emptied("job") == "spawn job");
  }
  SUBCASE("restart, where no process can be made: the code of its latest end") {
    bench.restart("job");
    bench.ended("job", kTerminated);
    for (int i = 0; i < 5; ++i) {
      bench.spawn_failed("job", EAGAIN, "cannot make a process");
      bench.tick_when_due();
    }
    CHECK(bench.counted(0) == "finish 143 job: cannot make a process, 5 times");
  }
}

TEST_CASE("a job whose requirement is stopped by command waits for it") {
  PlanBuilder made;
  made.mount("data").settle = Millis{1'000};
  made.job({}, {"data"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("data");
  bench.stop("data");
  bench.ended("data", kTerminated);
  CHECK(bench.is("job") == "blocked");
  CHECK_FALSE(bench.state.shutdown);
  SUBCASE("and starts when that is back") {
    bench.start("data");
    bench.up("data");
    CHECK(bench.tick(Millis{1'000}) == "reply ok: mount.data is ready; spawn job");
  }
  SUBCASE("and ends the container when that fails") {
    bench.start("data");
    bench.spawned("data");
    CHECK(bench.exec_failed("data", ENOENT, "no such file")
              .starts_with("reply no: mount.data failed: no such file"));
    CHECK(bench.state.shutdown);
  }
}

TEST_CASE("a job waits as well for what is blocked by a stop") {
  PlanBuilder made;
  made.service("base").settle = Millis{1'000};
  made.service("middle", {}, {"base"});
  made.job({}, {"middle"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("base");
  bench.stop("base");
  bench.ended("base", kTerminated);
  CHECK(bench.is("job") == "blocked");
  CHECK_FALSE(bench.state.shutdown);
}

TEST_CASE("a container of which all is stopped by command goes on") {
  PlanBuilder made;
  made.service("a");
  made.plan().http.enabled = false;
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.stop("a");
  bench.ended("a", kTerminated);
  CHECK_FALSE(bench.state.shutdown);
  CHECK(bench.start("a") == "spawn a");
}

TEST_CASE("what makes no sense is refused") {
  Bench bench = running_pair();
  CHECK(bench.stop("nobody") == "reply no: there is no such unit");
  CHECK(bench.command(SignalUnit{bench.at("top"), Signal{65}}) ==
        "reply no: there is no signal 65");
  CHECK(bench.command(SignalUnit{bench.at("top"), Signal{0}}) == "reply no: there is no signal 0");
  bench.plan.units[2].conditions.skip_reason = "if_env: JOB_PREFIX is not set";
  CHECK(bench.start("other") ==
        "reply no: service.other is skipped: if_env: JOB_PREFIX is not set");
}

TEST_CASE("the stop of the container by command") {
  Bench bench = one_service();
  bench.up("a");
  CHECK(bench.command(StopInit{7}) == "reply ok: the container stops; kill a SIGTERM group");
  CHECK(bench.command(StopInit{}) == "reply ok: the container stops already");
  CHECK(bench.command(StopInit{8}) ==
        "reply no: the container stops already, and its exit code stays");
  bench.ended("a", kTerminated);
  CHECK(bench.counted(0) == "finish 7 shutdown by command");
}

TEST_CASE("a stop under way goes on when the container stops, and is answered before the end") {
  Bench bench = one_service();
  bench.up("a");
  bench.stop("a");
  bench.signal(15);
  SUBCASE("it ends in time") {
    CHECK(bench.ended("a", kTerminated)
              .starts_with("reply ok: service.a is stopped: killed by SIGTERM"));
  }
  SUBCASE("it does not") {
    bench.tick_when_due();
    const std::string last = bench.tick(Millis{60'000});
    CHECK(last.starts_with("reply no: service.a had not ended when the container did; finish 0"));
  }
}
