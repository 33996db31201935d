#include <doctest/doctest.h>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

namespace {

StopPolicy patient() {
  StopPolicy stop;
  stop.signal = Signal{2};
  stop.later = {{Millis{1'000}, Signal{15}}, {Millis{500}, Signal{10}}};
  stop.timeout = Millis{10'000};
  return stop;
}

Bench running(const StopPolicy& stop, Millis budget = Millis{30'000}) {
  PlanBuilder made;
  made.service("a").stop = stop;
  made.plan().shutdown.timeout = budget;
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  return bench;
}

}  // namespace

TEST_CASE("stop signals follow each other at their times, the last of them is SIGKILL") {
  Bench bench = running(patient());
  CHECK(bench.stop("a") == "kill a SIGINT group");
  CHECK(bench.tick(Millis{999}) == "");
  CHECK(bench.tick(Millis{1}) == "kill a SIGTERM group");
  CHECK(bench.tick_when_due() == "kill a SIGUSR1 group");
  CHECK(bench.tick(Millis{8'499}) == "");
  CHECK(bench.tick(Millis{1}) == "kill a SIGKILL group");
  CHECK(bench.was_said("a: did not end within 10 s of SIGINT: SIGKILL"));
  CHECK(bench.ended("a", ExitStatus::signaled(9)).starts_with("reply ok: service.a is stopped"));
  CHECK_FALSE(next_deadline(bench.state));
}

TEST_CASE("who is told to stop before its process is there gets the whole row too") {
  PlanBuilder made;
  made.service("a").stop = patient();
  Bench bench(made.plan());
  bench.boot();
  bench.stop("a");
  CHECK(bench.spawned("a") == "kill a SIGINT group");
  CHECK(bench.tick(Millis{1'000}) == "kill a SIGTERM group");
}

TEST_CASE("a unit that obeys the first signal gets no other") {
  Bench bench = running(patient());
  bench.stop("a");
  bench.ended("a", ExitStatus::signaled(2));
  CHECK(bench.tick(Millis{60'000}) == "");
}

TEST_CASE("a late tick sends one signal at a time, and never after SIGKILL") {
  Bench bench = running(patient());
  bench.stop("a");
  CHECK(bench.tick(Millis{5'000}) == "kill a SIGTERM group");
  CHECK(bench.tick(Millis{60'000}) == "kill a SIGKILL group");
  CHECK(bench.tick(Millis{60'000}) == "");
}

TEST_CASE("the whole row lies within the budget of the shutdown") {
  Bench bench = running(patient(), Millis{1'200});
  CHECK(bench.signal(15) == "kill a SIGINT group");
  CHECK(bench.tick(Millis{1'000}) == "kill a SIGTERM group");
  CHECK(bench.tick(Millis{80}).starts_with("kill a SIGKILL group"));
}

TEST_CASE("a stop command asks first, and has half of the time") {
  StopPolicy stop = patient();
  stop.command = {"quit"};
  SUBCASE("it succeeds, and the unit ends") {
    Bench bench = running(stop);
    CHECK(bench.stop("a") == "stop command a");
    CHECK(bench.stop_command_over("a", true) == "");
    CHECK(bench.is("a") == "stopping");
    CHECK(bench.ended("a", ExitStatus::exited(0)).starts_with("reply ok"));
    CHECK(bench.is("a") == "stopped");
  }
  SUBCASE("it succeeds, but the unit goes on") {
    Bench bench = running(stop);
    bench.stop("a");
    bench.stop_command_over("a", true);
    CHECK(bench.tick(Millis{4'999}) == "");
    CHECK(bench.tick(Millis{1}) == "end stop command a; kill a SIGINT group");
    CHECK(bench.tick(Millis{1'000}) == "kill a SIGTERM group");
  }
  SUBCASE("it fails: the signals follow at once") {
    Bench bench = running(stop);
    bench.stop("a");
    CHECK(bench.stop_command_over("a", false) == "kill a SIGINT group");
    CHECK(bench.was_said("a: its stop command failed: exited 1; SIGINT instead"));
    CHECK(bench.stop_command_over("a", false) == "");
  }
  SUBCASE("half of what the shutdown leaves") {
    Bench bench = running(stop, Millis{4'000});
    CHECK(bench.signal(15) == "stop command a");
    CHECK(bench.tick(Millis{1'799}) == "");
    CHECK(bench.tick(Millis{1}) == "end stop command a; kill a SIGINT group");
  }
  SUBCASE("a program that is not executed yet is signalled") {
    PlanBuilder made;
    made.service("a").stop = stop;
    Bench bench(made.plan());
    bench.boot();
    bench.spawned("a");
    CHECK(bench.stop("a") == "kill a SIGINT group");
  }
  SUBCASE("its group has had no signal: what is left of it gets one") {
    Bench bench = running(stop);
    bench.stop("a");
    CHECK(bench.ended("a", ExitStatus::exited(0), true) == "kill a SIGINT group");
  }
}
