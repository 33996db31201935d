#include <doctest/doctest.h>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

namespace {

/// Feeds a fact and returns the order to leave, which has to be among what comes of it.
Finish last_order(Bench& bench, const Event& event) {
  for (const Action& action : step(bench.plan, bench.state, event, bench.now)) {
    if (const auto* finish = std::get_if<Finish>(&action)) return *finish;
  }
  FAIL("no order to leave");
  return {};
}

}  // namespace

TEST_CASE("a unit's status tells of the latest run that is over") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  CHECK(bench.status("a").last_exit == "");
  CHECK(bench.status("a").ready_since == bench.now);
  const MonoTime ready = bench.now;
  bench.now += Millis{3'000};
  CHECK(bench.status("a").ready_since == ready);

  bench.send(ProcessesEnded{{ProcessEnd{bench.at("a"), bench.run("a"), ExitStatus::exited(2), false,
                                        Millis{1'500}, 7'000'000}},
                            0});
  CHECK_FALSE(bench.status("a").ready_since);
  bench.tick_when_due();
  bench.up("a");
  const UnitStatus status = bench.status("a");
  CHECK(status.last_exit == "exited 2 after 3 s");
  CHECK(status.last_cpu == Millis{1'500});
  CHECK(status.last_max_rss == 7'000'000);
  CHECK(status.restarts == 1);
}

TEST_CASE("a state is told once, and lasts from its beginning, whatever goes on in it") {
  PlanBuilder made;
  made.service("a");
  Bench bench(made.plan());
  bench.boot();
  const MonoTime begun = bench.now;
  bench.now += Millis{20};
  const Actions actions =
      step(bench.plan, bench.state, Spawned{bench.at("a"), bench.run("a"), Pid{7}}, bench.now);
  CHECK(std::ranges::none_of(
      actions, [](const Action& action) { return std::holds_alternative<Happened>(action); }));
  CHECK(bench.is("a") == "starting");
  CHECK(bench.status("a").since == begun);
}

TEST_CASE("the end names the unit whose end caused it") {
  PlanBuilder made;
  made.service("a").on_failure = OnFailure::Shutdown;
  made.plan().units[0].restart.when = RestartPolicy::When::Never;
  made.job();
  Bench bench(made.plan());
  bench.boot();
  bench.up("a");
  bench.up("job");
  SUBCASE("a unit that matters failed") {
    bench.ended("a", ExitStatus::exited(9));
    bench.ended("job", ExitStatus::signaled(15));
    CHECK(last_order(bench, LeftoversCounted{}).cause == bench.at("a"));
  }
  SUBCASE("the job ended") {
    bench.ended("job", ExitStatus::exited(0));
    bench.ended("a", ExitStatus::signaled(15));
    CHECK(last_order(bench, LeftoversCounted{}).cause == bench.at("job"));
  }
  SUBCASE("a person asked for it") {
    bench.signal(15);
    bench.ended("job", ExitStatus::signaled(15));
    bench.ended("a", ExitStatus::signaled(15));
    CHECK_FALSE(last_order(bench, LeftoversCounted{}).cause);
  }
}
