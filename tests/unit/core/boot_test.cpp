#include <doctest/doctest.h>

#include <cerrno>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

TEST_CASE("steps come first, services when they are done, and the boot is done with all ready") {
  PlanBuilder made;
  made.builtin("motd");
  made.builtin("pip");
  made.service("sshd", {"motd", "pip"});
  made.service("web", {"motd", "pip"}).ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  Bench bench(made.plan());

  CHECK(bench.boot() == "steps motd pip");
  CHECK(bench.step_over("motd", StepResult::Changed) == "");
  CHECK(bench.step_over("pip", StepResult::Failed, "cannot write /etc/pip.conf") ==
        "spawn sshd; spawn web");
  CHECK(bench.is("pip") == "failed");
  CHECK(bench.up("sshd") == "");
  CHECK(bench.is("sshd") == "ready");
  CHECK(bench.up("web") == "");
  CHECK(bench.is("web") == "running");
  CHECK(bench.tick() == "check web ready");
  CHECK(bench.checked("web", CheckKind::Ready, false) == "");
  CHECK_FALSE(startup_verdict(bench.plan, bench.state).ok);
  CHECK(bench.tick_when_due() == "check web ready");
  CHECK(bench.checked("web", CheckKind::Ready, true) == "");
  CHECK(bench.is("web") == "ready");
  CHECK(bench.was_said("web: ready after 0.5 s"));
  CHECK(bench.was_said("boot done in 0.5 s: 2 ready, 1 done, 1 failed"));
  CHECK(init_phase(bench.state) == InitPhase::Up);
  CHECK(next_deadline(bench.state) == std::nullopt);
}

TEST_CASE("a step that nobody asked for is skipped without a line in the log") {
  PlanBuilder made;
  made.builtin("hosts");
  made.builtin("timezone");
  Bench bench(made.plan());
  bench.boot();
  bench.step_over("hosts", StepResult::Unused, "nothing is set");
  bench.step_over("timezone", StepResult::Skipped, "there is no zone \"X\"");
  CHECK(bench.is("hosts") == "skipped");
  CHECK(bench.status("hosts").why == "nothing is set");
  CHECK(bench.was_said("(debug) hosts: skipped: nothing is set"));
  CHECK(bench.was_said("timezone: skipped: there is no zone \"X\""));
}

TEST_CASE("a crash is followed by a growing delay and a new run") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  for (const int delay : {500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000}) {
    bench.up("a");
    bench.now += Millis{400};
    CHECK(bench.ended("a", ExitStatus::exited(1)) == "");
    CHECK(bench.is("a") == "backoff");
    CHECK(next_deadline(bench.state) == bench.now + Millis{delay});
    CHECK(bench.tick(Millis{delay - 1}) == "");
    CHECK(bench.tick(Millis{1}) == "spawn a");
  }
  CHECK(bench.status("a").restarts == 8);
}

TEST_CASE("SIGTERM stops dependants before what they need, and ends with 0") {
  PlanBuilder made;
  made.service("db");
  made.service("web", {"db"});
  Bench bench(made.plan());
  CHECK(bench.boot() == "spawn db");
  CHECK(bench.up("db") == "spawn web");
  CHECK(bench.up("web") == "");
  CHECK(bench.signal(15) == "kill web SIGTERM group");
  CHECK_FALSE(ready_verdict(bench.plan, bench.state).ok);
  CHECK(bench.ended("web", ExitStatus::exited(0)) == "kill db SIGTERM group");
  CHECK(bench.ended("db", ExitStatus::signaled(15)) == "sweep SIGTERM");
  CHECK(bench.counted(1, "sleep (pid 44)") == "");
  CHECK(bench.tick(Millis{100}) == "sweep count");
  CHECK(bench.counted(0) == "finish 0 SIGTERM");
  CHECK(init_phase(bench.state) == InitPhase::Finished);
  CHECK(bench.tick(Millis{100'000}) == "");
  CHECK(next_deadline(bench.state) == std::nullopt);
}

TEST_CASE("the job's end ends the container with its code") {
  PlanBuilder made;
  made.service("sshd");
  made.job({"sshd"});
  Bench bench(made.plan());
  bench.boot();
  CHECK(bench.up("sshd") == "spawn job");
  bench.up("job");
  CHECK(bench.ended("job", ExitStatus::exited(3)) == "kill sshd SIGTERM group");
  CHECK(bench.ended("sshd", ExitStatus::signaled(15)) == "sweep SIGTERM");
  CHECK(bench.counted(0) == "finish 3 job: exited 3 after 0 ms");
}

TEST_CASE("who requires a blocked unit is blocked at once, whatever else it waits for") {
  PlanBuilder made;
  made.service("db");
  made.service("slow").ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  made.service("web", {}, {"db"});
  made.service("shop", {"slow"}, {"web"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("slow");
  bench.spawned("db");
  bench.exec_failed("db", ENOENT, "no such file");
  CHECK(bench.is("shop") == "blocked");
}

TEST_CASE("a unit whose program is missing fails at once, and blocks those who require it") {
  PlanBuilder made;
  made.service("db");
  made.service("web", {}, {"db"});
  made.service("other", {"db"});
  Bench bench(made.plan());
  bench.boot();
  bench.spawned("db");
  CHECK(bench.exec_failed("db", ENOENT, "cannot execute /usr/bin/db: no such file") ==
        "spawn other");
  CHECK(bench.is("db") == "failed");
  CHECK(bench.is("web") == "blocked");
  CHECK(bench.status("web").why ==
        "requires service.db, which failed: cannot execute /usr/bin/db: no such file");
  CHECK_FALSE(health_verdict(bench.plan, bench.state).ok);
}
