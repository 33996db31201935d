#include "core/restart.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "base/format.h"
#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;
using When = RestartPolicy::When;

namespace {

/// A service "a" that is up.
Bench up(const std::function<void(Unit&)>& set) {
  PlanBuilder made;
  set(made.service("a"));
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  return bench;
}

}  // namespace

TEST_CASE("the end of a service's run") {
  struct Row {
    std::string name;
    When when;
    std::vector<int> success;
    ExitStatus how;
    std::string state;
    std::string why;
  };
  const ExitStatus ok = ExitStatus::exited(0);
  const ExitStatus bad = ExitStatus::exited(1);
  const Row rows[] = {
      {"always: after success", When::Always, {0}, ok, "backoff", "exited 0 after 0.4 s"},
      {"always: after failure", When::Always, {0}, bad, "backoff", "exited 1 after 0.4 s"},
      {"on-failure: success is done", When::OnFailure, {0}, ok, "done", "exited 0 after 0.4 s"},
      {"on-failure: failure restarts",
       When::OnFailure,
       {0},
       bad,
       "backoff",
       "exited 1 after 0.4 s"},
      {"on-failure: another code is success",
       When::OnFailure,
       {1, 7},
       ExitStatus::exited(7),
       "done",
       "exited 7 after 0.4 s"},
      {"on-failure: 0 is a failure when not listed",
       When::OnFailure,
       {1},
       ok,
       "backoff",
       "exited 0 after 0.4 s"},
      {"on-failure: a signal is a failure",
       When::OnFailure,
       {0, 9},
       ExitStatus::signaled(9),
       "backoff",
       "killed by SIGKILL after 0.4 s"},
      {"on-failure: a signal is success as 128 and its number",
       When::OnFailure,
       {0, 137},
       ExitStatus::signaled(9),
       "done",
       "killed by SIGKILL after 0.4 s"},
      {"never: success is done", When::Never, {0}, ok, "done", "exited 0 after 0.4 s"},
      {"never: failure is for good", When::Never, {0}, bad, "failed", "exited 1 after 0.4 s"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bench bench = up([&](Unit& unit) {
      unit.restart.when = row.when;
      unit.success_codes = row.success;
    });
    bench.now += Millis{400};
    bench.ended("a", row.how);
    CHECK(bench.is("a") == row.state);
    CHECK(bench.status("a").why == row.why);
  }
}

TEST_CASE("a step that is done is not restarted, whatever its policy") {
  PlanBuilder made;
  made.step("a").restart.when = When::Always;
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.ended("a", ExitStatus::exited(0));
  CHECK(bench.is("a") == "done");
}

TEST_CASE("the end of the job is the end, whatever its policy") {
  PlanBuilder made;
  made.job().restart.when = When::Always;
  Bench bench(made.plan());
  bench.boot();
  bench.up("job");
  CHECK(bench.ended("job", ExitStatus::exited(2)) == "sweep SIGTERM");
}

TEST_CASE("a mount that exits has failed, whatever its code") {
  PlanBuilder made;
  made.mount("data").restart.when = When::OnFailure;
  Bench bench(made.plan());
  bench.boot();
  bench.up("data");
  bench.ended("data", ExitStatus::exited(0));
  CHECK(bench.is("data") == "backoff");
}

TEST_CASE("a stable run makes the delay short again") {
  Bench bench = up([](Unit& unit) { unit.restart.reset_after = Millis{60'000}; });
  for (const int delay : {500, 1000, 2000}) {
    bench.ended("a", ExitStatus::exited(1));
    CHECK(next_deadline(bench.state) == bench.now + Millis{delay});
    bench.tick_when_due();
    bench.up("a");
  }
  CHECK(bench.was_said("a: exited 1 after 0 ms, 3 times in 1.5 s; restart in 2 s"));
  bench.now += Millis{60'000};
  bench.ended("a", ExitStatus::exited(1));
  CHECK(next_deadline(bench.state) == bench.now + Millis{500});
}

TEST_CASE("a built-in step that fails again and again is tried ever more rarely") {
  PlanBuilder made;
  made.builtin("a").restart.when = When::OnFailure;
  Bench bench(made.plan());
  bench.boot();
  for (const int delay : {500, 1000, 2000}) {
    bench.step_over("a", StepResult::Failed, "no space");
    CHECK(next_deadline(bench.state) == bench.now + Millis{delay});
    CHECK(bench.tick_when_due() == "steps a");
  }
}

TEST_CASE("with delay 0 a killed service starts again at once") {
  Bench bench = up([](Unit& unit) { unit.restart.delay = Millis{0}; });
  for (int i = 0; i < 3; ++i) {
    CHECK(bench.ended("a", ExitStatus::signaled(9)) == "spawn a");
    bench.up("a");
  }
  CHECK(bench.status("a").restarts == 3);
  CHECK(bench.is("a") == "ready");
}

TEST_CASE("the jitter keeps within its bounds and comes from the seed alone") {
  RestartPolicy policy;
  policy.delay = Millis{1000};
  policy.jitter = 0.25;
  Prng chance{7};
  Prng same{7};
  Micros least = Micros::max();
  Micros most{0};
  for (int i = 0; i < 1000; ++i) {
    RestartTrack track;
    note_end(track, policy, MonoTime{}, MonoTime{});
    const auto delay = next_delay(track, policy, chance, Micros{0}, MonoTime{});
    RestartTrack twin;
    note_end(twin, policy, MonoTime{}, MonoTime{});
    CHECK(delay == next_delay(twin, policy, same, Micros{0}, MonoTime{}));
    least = std::min(least, *delay);
    most = std::max(most, *delay);
  }
  CHECK(least >= Millis{750});
  CHECK(least < Millis{760});
  CHECK(most <= Millis{1250});
  CHECK(most > Millis{1240});
}

TEST_CASE("the limit within its window, and what follows when it is reached") {
  Bench bench = up([](Unit& unit) {
    unit.restart.limit = 2;
    unit.restart.within = Millis{10'000};
    unit.restart.delay = Millis{0};
  });
  const auto crash = [&] {
    bench.ended("a", ExitStatus::exited(4));
    if (bench.is("a") == "starting") bench.up("a");
  };
  crash();
  bench.now += Millis{8'000};
  crash();
  bench.now += Millis{2'001};
  crash();
  CHECK(bench.is("a") == "ready");  // The first restart has left the window.
  crash();
  CHECK(bench.is("a") == "failed");
  CHECK(bench.status("a").why ==
        "exited 4 after 0 ms, 4 times in 10 s; gave up after 2 restarts within 10 s");
  CHECK_FALSE(health_verdict(bench.plan, bench.state).ok);
}

TEST_CASE("a restart exactly as old as the window still counts") {
  for (const bool later : {false, true}) {
    CAPTURE(later);
    Bench bench = up([](Unit& unit) {
      unit.restart.limit = 1;
      unit.restart.within = Millis{10'000};
      unit.restart.delay = Millis{0};
    });
    bench.ended("a", ExitStatus::exited(4));
    bench.up("a");
    bench.now += Millis{10'000} + Micros{later ? 1 : 0};
    bench.ended("a", ExitStatus::exited(4));
    CHECK(bench.is("a") == (later ? "starting" : "failed"));
  }
}

TEST_CASE("what failure for good means to the container") {
  struct Row {
    std::string name;
    OnFailure on_failure;
    ExitStatus how;
    bool healthy;
    std::string orders;
  };
  const Row rows[] = {
      {"ignore: nothing", OnFailure::Ignore, ExitStatus::exited(4), true, ""},
      {"unhealthy: the verdict", OnFailure::Unhealthy, ExitStatus::exited(4), false, ""},
      {"shutdown: an orderly stop", OnFailure::Shutdown, ExitStatus::exited(4), true,
       "kill b SIGTERM group"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    PlanBuilder made;
    Unit& a = made.service("a");
    a.on_failure = row.on_failure;
    a.restart.when = When::Never;
    made.service("b");
    Bench bench(made.plan());
    bench.boot();
    bench.up("a");
    bench.up("b");
    CHECK(bench.ended("a", row.how) == row.orders);
    CHECK(health_verdict(bench.plan, bench.state).ok == row.healthy);
  }
}

TEST_CASE("the exit code of a stop that a failed unit asked for") {
  struct Row {
    std::string name;
    UnitKind kind;
    ExitStatus how;
    int code;
  };
  const Row rows[] = {
      {"its own code", UnitKind::Service, ExitStatus::exited(4), 4},
      {"128 + signal", UnitKind::Service, ExitStatus::signaled(11), 139},
      {"never 0, which would say that all went well", UnitKind::Service, ExitStatus::exited(0), 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    PlanBuilder made;
    Unit& a = made.add(row.kind, "a");
    a.on_failure = OnFailure::Shutdown;
    a.restart.when = row.how.success() ? When::Always : When::Never;
    a.restart.limit = 1;
    a.restart.delay = Millis{0};
    Bench bench(made.plan());
    bench.boot();
    bench.up("a");
    if (row.how.success()) {
      CHECK(bench.ended("a", row.how) == "spawn a");
      bench.up("a");
    }
    CHECK(bench.ended("a", row.how) == "sweep SIGTERM");
    CHECK(bench.counted(0).starts_with(
        format("finish {} {} failed: ", row.code, bench.plan.units[0].id())));
  }
}

TEST_CASE("what can't be executed fails at once, what may pass is tried again") {
  struct Row {
    std::string name;
    int error;
    std::string state;
  };
  const Row rows[] = {
      {"no such file", ENOENT, "failed"},       {"not executable", EACCES, "failed"},
      {"not a program", ENOEXEC, "failed"},     {"file busy", ETXTBSY, "backoff"},
      {"no more processes", EAGAIN, "backoff"}, {"no memory", ENOMEM, "backoff"},
      {"read error", EIO, "backoff"},           {"stale file handle", ESTALE, "backoff"},
      {"too many files", EMFILE, "backoff"},    {"file table full", ENFILE, "backoff"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    PlanBuilder made;
    made.service("a");
    Bench bench(made.plan());
    bench.boot();
    bench.spawned("a");
    bench.exec_failed("a", row.error, "cannot execute a");
    CHECK(bench.is("a") == row.state);
  }
  CHECK(ExecFailure{ENOENT, ""}.shell_code() == 127);
  CHECK(ExecFailure{EACCES, ""}.shell_code() == 126);
}

TEST_CASE("a process that can't be made is tried again, but never in a tight loop") {
  PlanBuilder made;
  made.service("a").restart.delay = Millis{0};
  made.step("once");
  made.mount("data");
  Bench bench(made.plan());
  bench.boot();
  for (int i = 0; i < 5; ++i) {
    bench.spawn_failed("data", EAGAIN, "cannot make a process");
    bench.spawn_failed("a", EAGAIN, "cannot make a process");
    CHECK(bench.is("a") == "backoff");
    bench.spawn_failed("once", EAGAIN, "cannot make a process");
    CHECK(bench.is("once") == (i < 4 ? "backoff" : "failed"));
    CHECK(*next_deadline(bench.state) >= bench.now + Millis{100});
    bench.tick(Millis{60'000});
  }
  CHECK(bench.is("a") == "starting");
  CHECK(bench.is("data") == "starting");
  CHECK(bench.status("a").restarts == 0);
}

TEST_CASE("what is left of a group is stopped before the next run, if the scope covers it") {
  Bench bench = up([](Unit& unit) { unit.restart.delay = Millis{0}; });
  CHECK(bench.ended("a", ExitStatus::exited(1), true) == "kill a SIGTERM group");
  CHECK(bench.is("a") == "stopping");
  CHECK(bench.group_emptied("a") == "spawn a");
  bench.up("a");
  bench.ended("a", ExitStatus::exited(1), true);
  CHECK(bench.tick(Millis{10'000}) == "kill a SIGKILL group");
  CHECK(bench.tick(Millis{2'000}) == "spawn a");  // A group that not even SIGKILL ends.

  Bench killed = up([](Unit&) {});
  killed.stop("a");
  CHECK(killed.tick(Millis{10'000}) == "kill a SIGKILL group");
  CHECK(killed.ended("a", ExitStatus::signaled(9), true) == "kill a SIGKILL group");
  CHECK(killed.tick(Millis{1'999}) == "");
  CHECK(killed.tick(Millis{1}).starts_with("reply ok: service.a is stopped"));

  Bench slow = up([](Unit&) {});
  slow.stop("a");
  slow.now += Millis{4'000};
  CHECK(slow.ended("a", ExitStatus::signaled(15), true) == "");
  CHECK(slow.tick(Millis{5'999}) == "");  // One time for the leader and its group.
  CHECK(slow.tick(Millis{1}) == "kill a SIGKILL group");

  Bench only_process = up([](Unit& unit) {
    unit.restart.delay = Millis{0};
    unit.stop.kill = KillScope::Process;
  });
  CHECK(only_process.ended("a", ExitStatus::signaled(9), true) == "spawn a");
}

TEST_CASE("a step that succeeded may leave a process behind, one that failed may not") {
  PlanBuilder made;
  made.step("good");
  made.step("bad");
  Bench bench(made.plan());
  bench.boot();
  bench.up("good");
  bench.up("bad");
  CHECK(bench.ended("good", ExitStatus::exited(0), true) == "");
  CHECK(bench.is("good") == "done");
  CHECK(bench.ended("bad", ExitStatus::exited(2), true) == "kill bad SIGTERM group");
  CHECK(bench.group_emptied("bad") == "");
  CHECK(bench.is("bad") == "failed");

  Bench stopped(made.plan());
  stopped.boot();
  stopped.up("good");
  stopped.stop("good");
  stopped.ended("good", ExitStatus::exited(0), true);
  CHECK(stopped.is("good") == "stopping");  // What was told to stop leaves nothing behind.
}

TEST_CASE("lack of memory is told, and is the code of the container without a job") {
  struct Row {
    const char* name;
    UnitKind kind;
    const char* finish;
  };
  for (const Row& row : {Row{"a service that ends the container", UnitKind::Service, "finish 101 "},
                         Row{"the job keeps its own code", UnitKind::Job, "finish 137 "}}) {
    CAPTURE(row.name);
    PlanBuilder made;
    Unit& unit = made.add(row.kind, "job");
    unit.restart.when = RestartPolicy::When::Never;
    unit.on_failure = OnFailure::Shutdown;
    Bench bench(made.plan());
    bench.boot();
    bench.up("job");
    ProcessEnd end{bench.at("job"), bench.run("job"), ExitStatus::signaled(9), false, {}, 0};
    end.note = "probably out of memory (limit 8.0 GiB)";
    end.out_of_memory = true;
    bench.send(ProcessesEnded{{end}, 0});
    CHECK(bench.status("job").why ==
          "killed by SIGKILL after 0 ms, probably out of memory (limit 8.0 GiB)");
    CHECK(bench.counted(0).starts_with(row.finish));
  }
}
