#include <doctest/doctest.h>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

TEST_CASE("a signal to the init is passed on to the running units that want it") {
  PlanBuilder made;
  made.service("a").forward = {Signal{1}, Signal{10}};
  made.service("b").forward = {Signal{1}};
  made.service("c");
  Unit& d = made.service("d");
  d.forward = {Signal{28}};
  d.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  Bench bench(made.plan());
  bench.boot();
  bench.spawned("a");
  CHECK(bench.signal(1) == "");  // Before its program runs the signal would end it.
  bench.executed("a");
  CHECK(bench.signal(10) == "kill a SIGUSR1 process");
  CHECK(bench.was_said("a: SIGUSR1 is passed on"));
  bench.up("b");
  bench.up("c");
  bench.up("d");
  CHECK(bench.signal(28) == "kill d SIGWINCH process");
  CHECK(bench.signal(1) == "kill a SIGHUP process; kill b SIGHUP process");
  CHECK(bench.signal(12) == "");
  bench.ended("b", ExitStatus::signaled(1));
  CHECK(bench.signal(1) == "kill a SIGHUP process");
  bench.signal(15);
  CHECK(bench.signal(1) == "");
}
