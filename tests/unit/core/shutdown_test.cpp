#include <doctest/doctest.h>

#include <cerrno>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

namespace {

Plan one_service() {
  PlanBuilder made;
  made.service("a");
  return made.plan();
}

/// A stop whose only unit has ended: what no unit owns is being looked for.
struct Sweeping : Bench {
  Sweeping() : Bench(one_service()) {
    boot();
    up("a");
    signal(15);
    CHECK(ended("a", ExitStatus::exited(0)) == "sweep SIGTERM");
  }
};

}  // namespace

TEST_CASE("order holds through units that do not run") {
  PlanBuilder made;
  made.service("db");
  made.step("migrate", {"db"});
  made.service("web", {"migrate"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("db");
  bench.up("migrate");
  bench.ended("migrate", ExitStatus::exited(0));
  bench.up("web");
  CHECK(bench.signal(15) == "kill web SIGTERM group");
  CHECK(bench.ended("web", ExitStatus::exited(0)) == "kill db SIGTERM group");
}

TEST_CASE("mounts, and what they need, outlive the sweep") {
  PlanBuilder made;
  made.service("net");
  made.service("log");
  made.mount("data", {"net"});
  made.service("web", {"data"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("net");
  bench.up("log");
  bench.up("data");
  bench.up("web");
  CHECK(bench.signal(15) == "kill web SIGTERM group; kill log SIGTERM group");
  CHECK(bench.ended("web", ExitStatus::exited(0)) == "");
  CHECK(bench.ended("log", ExitStatus::exited(0)) == "sweep SIGTERM");
  CHECK(bench.counted(1, "bash (pid 44)") == "");
  CHECK(bench.send(ProcessesEnded{{}, 1}) == "sweep count");
  CHECK(bench.counted(0) == "kill data SIGTERM group");
  CHECK(bench.ended("data", ExitStatus::exited(0)) == "kill net SIGTERM group");
  CHECK(bench.ended("net", ExitStatus::exited(0)) == "finish 0 SIGTERM");
}

TEST_CASE("draining: not ready at once, everything runs on, nothing starts") {
  PlanBuilder made;
  made.service("a");
  made.service("b");
  made.plan().shutdown.drain = Millis{3'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.up("b");
  CHECK(ready_verdict(bench.plan, bench.state).ok);
  CHECK(bench.signal(15) == "");
  CHECK(init_phase(bench.state) == InitPhase::Draining);
  CHECK_FALSE(ready_verdict(bench.plan, bench.state).ok);
  CHECK(health_verdict(bench.plan, bench.state).ok);
  CHECK(bench.ended("a", ExitStatus::exited(1)) == "");
  CHECK(bench.is("a") == "stopped");
  CHECK(bench.tick(Millis{2'999}) == "");
  CHECK(bench.tick(Millis{1}) == "kill b SIGTERM group");
}

TEST_CASE("where nothing runs there is nothing to drain for") {
  PlanBuilder made;
  made.job();
  made.plan().shutdown.drain = Millis{5'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("job");
  CHECK(bench.ended("job", ExitStatus::exited(0)) == "sweep SIGTERM");
}

TEST_CASE("who is killed late, after a pause, still gets the time to be gone") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.signal(15);
  CHECK(bench.tick(Millis{60'000}).find("kill a SIGKILL group") != std::string::npos);
  CHECK(bench.tick(Millis{800}) == "");
  CHECK(bench.tick(Millis{100}).starts_with("finish "));
}

TEST_CASE("what is being made while all is killed is killed as soon as it is there") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  for (int i = 0; i < 3; ++i) bench.signal(15);
  CHECK(bench.spawned("a") == "kill a SIGKILL group");
  CHECK(bench.ended("a", ExitStatus::signaled(9)) == "sweep SIGKILL");
}

TEST_CASE("what turns unhealthy while endpoints drain runs on, and is not restarted") {
  PlanBuilder made;
  Unit& a = made.service("a");
  a.health = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  a.health->failures = 1;
  a.health->on_unhealthy = OnUnhealthy::Restart;
  made.plan().shutdown.drain = Millis{5'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.tick();
  bench.signal(15);
  CHECK(bench.checked("a", CheckKind::Health, false) == "");
  CHECK(bench.is("a") == "ready");
}

TEST_CASE("a stop that comes before the boot leaves nothing to be booted") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  CHECK(bench.signal(15) == "sweep SIGTERM");
  CHECK(bench.boot() == "");
  CHECK(bench.is("a") == "stopped");
  CHECK(bench.counted(0) == "finish 0 SIGTERM");
}

TEST_CASE("what no unit owns has half of the time where mounts are left to be stopped") {
  PlanBuilder made;
  made.mount("data");
  Bench bench(made.plan());
  bench.boot();
  bench.up("data");
  const MonoTime asked = bench.now;
  CHECK(bench.signal(15) == "sweep SIGTERM");
  CHECK(next_deadline(bench.state) == asked + Millis{4'050});  // Though no count has come back.
  CHECK(bench.send(ProcessesEnded{{}, 1}) == "");              // A count is under way.
  bench.counted(1, "sleep (pid 44)");
  CHECK(bench.tick(Millis{4'050}) == "sweep SIGKILL");
  CHECK(bench.was_said("still there: sleep (pid 44): SIGKILL"));
}

TEST_CASE("what no unit owns is counted once at a time, and killed when asked for the third time") {
  Sweeping bench;
  CHECK(bench.tick() == "");
  bench.counted(1, "sleep (pid 44)");
  CHECK(bench.counted(0) == "");  // Nobody has asked again.
  bench.signal(15);
  CHECK(bench.signal(15) == "sweep SIGKILL");
  bench.counted(1, "sleep (pid 44)");
  CHECK(bench.tick(Millis{100}) == "sweep SIGKILL");
  CHECK(bench.counted(0) == "finish 0 SIGTERM");

  Bench counting(bench.plan);
  counting.signal(15);
  counting.counted(1, "sleep (pid 44)");
  counting.signal(15);
  counting.signal(15);
  CHECK(counting.counted(0) == "finish 0 SIGTERM");
}

TEST_CASE("a drain that is longer than the time there is ends with it") {
  PlanBuilder made;
  made.service("a");
  made.plan().shutdown.drain = Millis{60'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.signal(15);
  CHECK(bench.tick_when_due().ends_with("kill a SIGKILL group; sweep SIGKILL"));
  CHECK(init_phase(bench.state) == InitPhase::StoppingUnits);
}

TEST_CASE("a group that has had SIGKILL does not get it again") {
  PlanBuilder made;
  made.service("a").stop.timeout = Millis{1'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.ended("a", ExitStatus::exited(1), true);
  CHECK(bench.tick(Millis{1'000}) == "kill a SIGKILL group");
  bench.signal(15);
  bench.signal(15);
  CHECK(bench.signal(15) == "sweep SIGKILL");
}

TEST_CASE("a unit is told that its time is short only when others have used it up") {
  PlanBuilder made;
  made.service("a").stop.timeout = Millis{60'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.signal(15);
  CHECK(std::ranges::none_of(
      bench.said, [](const std::string& line) { return line.find("instead of") != line.npos; }));
}

TEST_CASE("asked again: the second signal hurries, the third kills") {
  PlanBuilder made;
  made.service("db");
  made.mount("data");
  made.service("web", {"db"});
  made.plan().shutdown.drain = Millis{3'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("db");
  bench.up("data");
  bench.up("web");
  CHECK(bench.signal(2) == "");
  CHECK(bench.signal(37) == "kill web SIGTERM group; kill db SIGTERM group");
  CHECK(bench.signal(15) ==
        "kill db SIGKILL group; kill data SIGKILL group; kill web SIGKILL group; sweep SIGKILL");
  CHECK(bench.signal(15) == "");
}

TEST_CASE("one budget: at its end all that is left is killed, and the end comes in time") {
  PlanBuilder made;
  made.service("db").stop.timeout = Millis{60'000};
  made.service("web", {"db"}).stop.timeout = Millis{5'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("db");
  bench.up("web");
  const MonoTime asked = bench.now;
  bench.signal(15);
  CHECK(bench.tick(Millis{5'000}) == "kill web SIGKILL group");
  CHECK(bench.ended("web", ExitStatus::signaled(9)) == "kill db SIGTERM group");
  CHECK(
      bench.was_said("db: has 3.1 s to stop instead of 1 min: shutdown.timeout is nearly used up"));
  CHECK(next_deadline(bench.state) == asked + Millis{8'100});
  CHECK(bench.tick_when_due() == "kill db SIGKILL group; sweep SIGKILL");
  CHECK(bench.tick(Millis{899}) == "");
  CHECK(bench.tick(Millis{1}) == "finish 0 SIGTERM");
  CHECK(bench.was_said("leaving although these have not ended: service.db"));
}

TEST_CASE("leftovers that ignore SIGTERM are killed, and an end that is late does not wait") {
  Sweeping bench;
  for (int i = 0; i < 80; ++i) {
    bench.counted(2, "sleep (pid 44), sh (pid 45)");
    CHECK(bench.tick(Millis{100}) == "sweep count");
  }
  bench.counted(2, "sleep (pid 44), sh (pid 45)");
  CHECK(bench.tick(Millis{100}) == "sweep SIGKILL");
  CHECK(bench.counted(1, "sleep (pid 44)") == "");
  CHECK(bench.tick(Millis{100}) == "sweep SIGKILL");
  CHECK(bench.counted(0) == "finish 0 SIGTERM");
}

TEST_CASE("exit codes with a job") {
  struct Row {
    std::string name;
    ExitStatus how;
    bool after_signal;
    std::string finish;
  };
  const Row rows[] = {
      {"success", ExitStatus::exited(0), false, "finish 0 job: exited 0 after 2 s"},
      {"its code", ExitStatus::exited(3), false, "finish 3 job: exited 3 after 2 s"},
      {"128 + signal", ExitStatus::signaled(11), false,
       "finish 139 job: killed by SIGSEGV after 2 s"},
      {"its code after SIGTERM", ExitStatus::exited(3), true, "finish 3 SIGTERM"},
      {"a job that our signal ended", ExitStatus::signaled(15), true, "finish 143 SIGTERM"},
      {"a job that finished its work at SIGTERM", ExitStatus::exited(0), true, "finish 0 SIGTERM"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    PlanBuilder made;
    made.job();
    Bench bench(made.plan());
    bench.boot();
    bench.up("job");
    bench.now += Millis{2'000};
    if (row.after_signal) CHECK(bench.signal(15) == "kill job SIGTERM group");
    CHECK(bench.ended("job", row.how) == "sweep SIGTERM");
    CHECK(bench.counted(0) == row.finish);
  }
}

TEST_CASE("the code of a job that does not end, and of one of which only others are left") {
  PlanBuilder made;
  made.job();
  Bench bench(made.plan());
  bench.boot();
  bench.up("job");
  SUBCASE("it does not end: as if SIGKILL had ended it") {
    bench.signal(15);
    bench.tick_when_due();
    CHECK(bench.tick(Millis{900}) == "finish 137 SIGTERM");
  }
  SUBCASE("nor does one that was told to end before it was seen to run") {
    Bench early(made.plan());
    early.boot();
    early.spawned("job");
    early.signal(15);
    early.executed("job");
    early.tick_when_due();
    CHECK(early.tick(Millis{900}) == "finish 137 SIGTERM");
  }
  SUBCASE("others of its group do not: its own") {
    CHECK(bench.ended("job", ExitStatus::exited(3), true) == "kill job SIGTERM group");
    CHECK(bench.tick_when_due() == "kill job SIGKILL group; sweep SIGKILL");
    CHECK(bench.tick_when_due() == "finish 3 job: exited 3 after 0 ms");
  }
}

TEST_CASE("a job that ends by itself while endpoints drain has failed, and was not stopped") {
  PlanBuilder made;
  made.service("a");
  made.job();
  made.plan().shutdown.drain = Millis{3'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.up("job");
  bench.signal(15);
  bench.ended("job", ExitStatus::exited(3));
  CHECK(bench.is("job") == "failed");
}

TEST_CASE("a step that was out of time is not done, though it ends well while all stops") {
  PlanBuilder made;
  made.step("slow").timeout = Millis{5'000};
  Bench bench(made.plan());
  bench.boot();
  bench.up("slow");
  bench.tick(Millis{5'000});
  bench.signal(15);
  bench.ended("slow", ExitStatus::exited(0));
  CHECK(bench.is("slow") == "stopped");
}

TEST_CASE("a job that can't be executed, that is blocked, or that never started") {
  PlanBuilder missing;
  missing.job();
  Bench bench(missing.plan());
  bench.boot();
  bench.spawned("job");
  CHECK(bench.exec_failed("job", ENOENT, "cannot execute train: no such file") == "sweep SIGTERM");
  CHECK(bench.counted(0) == "finish 127 job: cannot execute train: no such file");

  PlanBuilder blocked;
  blocked.mount("data").restart.when = RestartPolicy::When::Never;
  blocked.service("sshd");
  blocked.job({}, {"data"});
  Bench second(blocked.plan());
  second.boot();
  second.up("sshd");
  second.spawned("data");
  CHECK(second.exec_failed("data", ENOENT, "no s3fs") == "kill sshd SIGTERM group");
  second.ended("sshd", ExitStatus::signaled(15));
  CHECK(second.counted(0) == "finish 1 job is blocked: requires mount.data, which failed: no s3fs");

  PlanBuilder waiting;
  waiting.service("db").ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  waiting.job({}, {"db"});
  Bench third(waiting.plan());
  third.boot();
  third.up("db");
  third.signal(15);
  third.ended("db", ExitStatus::signaled(15));
  CHECK(third.counted(0) == "finish 0 SIGTERM");
}

TEST_CASE("where nothing is left to run") {
  const auto missing = [](Bench& bench, const char* name) {
    bench.spawned(name);
    return bench.exec_failed(name, ENOENT, "no such file");
  };
  PlanBuilder none;
  none.service("a").conditions.skip_reason = "a is not there";
  none.service("b");
  Bench bench(none.plan());
  bench.boot();
  CHECK(missing(bench, "b") == "sweep SIGTERM");
  CHECK(bench.counted(0) ==
        "finish 78 no unit could run: service.a skipped: a is not there; "
        "service.b failed: no such file");

  PlanBuilder steps;
  steps.step("a");
  Bench listening(steps.plan());
  listening.boot();
  listening.up("a");
  CHECK(listening.ended("a", ExitStatus::exited(0)) == "");
  CHECK(listening.was_said("nothing is left to run; waiting to be stopped"));
  CHECK(init_phase(listening.state) == InitPhase::Up);

  listening.tick(Millis{1'000});
  CHECK(std::ranges::count(listening.said, "nothing is left to run; waiting to be stopped") == 1);

  PlanBuilder half;
  half.step("a");
  half.service("b", {"a"});
  Bench useless(half.plan());
  useless.boot();
  useless.up("a");
  useless.ended("a", ExitStatus::exited(0));
  CHECK(missing(useless, "b") == "sweep SIGTERM");
  CHECK(useless.counted(0) == "finish 78 no unit could run: service.b failed: no such file");

  steps.plan().http.enabled = false;
  Bench broken(steps.plan());
  broken.boot();
  broken.up("a");
  CHECK(broken.ended("a", ExitStatus::exited(2)) == "sweep SIGTERM");
  CHECK(broken.counted(0) == "finish 1 nothing is left to run");

  Bench deaf(steps.plan());
  deaf.boot();
  deaf.up("a");
  CHECK(deaf.ended("a", ExitStatus::exited(0)) == "sweep SIGTERM");
  CHECK(deaf.counted(0) == "finish 0 nothing is left to run");

  Plan empty;
  empty.http.enabled = false;
  Bench nothing(empty);
  CHECK(nothing.boot() == "sweep SIGTERM");
  CHECK(nothing.counted(0) == "finish 78 there is no unit to run");
}

TEST_CASE("a stop during the boot: steps end, what has not begun never does") {
  PlanBuilder made;
  made.builtin("one");
  made.builtin("two");
  made.service("web", {"one", "two"});
  Bench bench(made.plan());
  CHECK(bench.boot() == "steps one two");
  CHECK(bench.signal(15) == "kill one SIGTERM process; kill two SIGTERM process");
  CHECK(bench.step_over("one", StepResult::Changed) == "");
  CHECK(bench.step_over("two", StepResult::Failed, "its helper ended") == "sweep SIGTERM");
  CHECK(bench.is("one") == "done");
  CHECK(bench.is("two") == "stopped");
  CHECK(bench.is("web") == "stopped");
  CHECK(bench.counted(0) == "finish 0 SIGTERM");
}

TEST_CASE("all deaths of one round are one fact: no order names a run that it ended") {
  PlanBuilder made;
  made.service("a");
  made.job();
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.up("job");
  const ProcessEnd job{bench.at("job"), bench.run("job"), ExitStatus::exited(0), false, {}, 0};
  const ProcessEnd a{bench.at("a"), bench.run("a"), ExitStatus::exited(0), false, {}, 0};
  CHECK(bench.send(ProcessesEnded{{job, a}, 0}) == "sweep SIGTERM");
}

TEST_CASE("other signals to the init change nothing") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  const State before = bench.state;
  for (const int number : {1, 3, 10, 12, 13, 14, 17, 28, 34, 64}) CHECK(bench.signal(number) == "");
  CHECK((bench.state == before));
}
