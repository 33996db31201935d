#include <doctest/doctest.h>

#include <functional>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

// What a unit says of itself, and what becomes of it.

namespace {

Word ready() {
  Word word;
  word.ready = true;
  return word;
}
Word alive() {
  Word word;
  word.alive = true;
  return word;
}

Bench boot(const std::function<void(Unit&)>& set) {
  PlanBuilder made;
  set(made.service("a"));
  made.service("b", {"a"});
  Bench bench(made.plan());
  bench.boot();
  return bench;
}

Bench with_watchdog(OnUnhealthy then) {
  Bench bench = boot([then](Unit& unit) {
    unit.health = CheckPlan{WatchdogProbe{Millis{10'000}}};
    unit.health->on_unhealthy = then;
    unit.restart.delay = Millis{0};
  });
  bench.up("a");
  bench.up("b");
  return bench;
}

void needs_word(Unit& unit) {
  unit.ready = CheckPlan{NotifyProbe{}};
}

}  // namespace

TEST_CASE("ready when the unit says so, and nobody asks it meanwhile") {
  Bench bench = boot(needs_word);
  CHECK(bench.up("a") == "");
  CHECK(bench.is("a") == "running");
  CHECK(next_deadline(bench.state) == std::nullopt);
  CHECK(bench.is("b") == "waiting");
  CHECK(bench.notified("a", ready()) == "spawn b");
  CHECK(bench.is("a") == "ready");
}

TEST_CASE("a word that overtakes the news of the exec counts") {
  Bench bench = boot(needs_word);
  bench.spawned("a");
  CHECK(bench.notified("a", ready()) == "spawn b");
  CHECK(bench.is("a") == "ready");
  CHECK(bench.executed("a") == "");
  CHECK(bench.is("a") == "ready");
}

TEST_CASE("a word of an earlier run does not count") {
  Bench bench = boot(needs_word);
  bench.up("a");
  const RunId first = bench.run("a");
  bench.ended("a", ExitStatus::exited(1));
  bench.tick_when_due();
  bench.up("a");
  CHECK(bench.run("a") != first);
  CHECK(bench.send(Notified{bench.at("a"), first, ready()}) == "");
  CHECK(bench.is("a") == "running");
}

TEST_CASE("a unit whose readiness is checked otherwise can't call itself ready") {
  Bench bench = boot([](Unit& unit) {
    unit.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
    unit.health = CheckPlan{WatchdogProbe{}};
  });
  bench.up("a");
  CHECK(bench.notified("a", ready()) == "");
  CHECK(bench.is("a") == "running");
}

TEST_CASE("its status is shown beside our own sentence, until its next run") {
  Bench bench = boot(needs_word);
  bench.up("a");
  Word word = ready();
  word.status = "serving 3 clients";
  bench.notified("a", word);
  CHECK(bench.status("a").says == "serving 3 clients");
  CHECK(bench.status("a").why == "");
  bench.notified("a", alive());
  CHECK(bench.status("a").says == "serving 3 clients");
  bench.ended("a", ExitStatus::exited(1));
  bench.tick_when_due();
  CHECK(bench.status("a").says == "");
}

TEST_CASE("a unit that reads its configuration again stays ready, and shows it") {
  Bench bench = boot(needs_word);
  bench.up("a");
  bench.notified("a", ready());
  Word word;
  word.reloading = true;
  bench.notified("a", word);
  CHECK(bench.is("a") == "ready");
  CHECK(bench.status("a").why == "it reads its own configuration again");
  bench.notified("a", ready());
  CHECK(bench.status("a").why == "");
  CHECK(bench.was_said("a: it has read its own configuration"));
}

TEST_CASE("a unit that is stopping says so") {
  Bench bench = boot(needs_word);
  bench.up("a");
  bench.notified("a", ready());
  Word word;
  word.stopping = true;
  bench.notified("a", word);
  CHECK(bench.status("a").why == "it says that it is stopping");
}

TEST_CASE("a unit that asks for more time is not late before") {
  Bench bench = boot([](Unit& unit) {
    needs_word(unit);
    unit.timeout = Millis{2'000};
  });
  bench.up("a");
  Word word;
  word.extend = Millis{5'000};
  bench.notified("a", word);
  CHECK(next_deadline(bench.state) == bench.now + Millis{5'000});
  bench.tick(Millis{5'000});
  CHECK(bench.status("a").why == "not ready after 5 s");
  CHECK(bench.is("a") == "running");
}

TEST_CASE("a word that asks for less time than there is takes none away") {
  Bench bench = boot([](Unit& unit) {
    needs_word(unit);
    unit.timeout = Millis{10'000};
  });
  bench.up("a");
  Word word;
  word.extend = Millis{2'000};
  bench.notified("a", word);
  CHECK(next_deadline(bench.state) == bench.now + Millis{10'000});
}

TEST_CASE("what a unit says again is told once") {
  Bench bench = boot(needs_word);
  bench.up("a");
  const auto says = [&](bool Word::*what) {
    Word word;
    word.*what = true;
    bench.said.clear();
    bench.notified("a", word);
    return bench.said;
  };
  using Said = std::vector<std::string>;
  says(&Word::ready);
  CHECK(says(&Word::ready) == Said{});
  CHECK(says(&Word::reloading) == Said{"a: it reads its own configuration again"});
  CHECK(says(&Word::reloading) == Said{});
  CHECK(says(&Word::stopping) == Said{"a: it says that it is stopping"});
  CHECK(says(&Word::stopping) == Said{});
  CHECK(says(&Word::ready) == Said{"a: it has read its own configuration"});
  CHECK(bench.status("a").why == "it says that it is stopping");
}

TEST_CASE("a unit that closes its notification descriptor can't get ready, and lives on") {
  Bench bench = boot([](Unit& unit) { unit.ready = CheckPlan{NotifyFdProbe{3}}; });
  bench.up("a");
  Word word;
  word.speechless = true;
  CHECK(bench.notified("a", word) == "");
  CHECK(bench.is("a") == "running");
  CHECK(bench.status("a").why ==
        "it closed its notification descriptor without a line: it can't get ready");
}

TEST_CASE("a watchdog: unknown, then good, then bad when it is silent, then good again") {
  Bench bench = with_watchdog(OnUnhealthy::Mark);
  CHECK(bench.status("a").health == Health::Unknown);
  bench.notified("a", alive());
  CHECK(bench.status("a").health == Health::Healthy);
  CHECK(bench.tick(Millis{9'999}) == "");
  bench.notified("a", alive());
  CHECK(bench.tick(Millis{9'999}) == "");
  CHECK(bench.status("a").health == Health::Healthy);
  CHECK(bench.tick(Millis{1}) == "");
  CHECK(bench.status("a").health == Health::Unhealthy);
  CHECK(bench.status("a").why == "unhealthy: no sign of life for 10 s");
  CHECK(bench.is("a") == "ready");
  CHECK(next_deadline(bench.state) == std::nullopt);
  bench.notified("a", alive());
  CHECK(bench.status("a").health == Health::Healthy);
  CHECK(bench.was_said("a: healthy again"));
}

TEST_CASE("a watchdog restarts what is silent, where that is asked for") {
  Bench bench = with_watchdog(OnUnhealthy::Restart);
  CHECK(bench.tick(Millis{10'000}) == "kill a SIGTERM group");
  CHECK(bench.ended("a", ExitStatus::signaled(15)) == "spawn a");
}

TEST_CASE("a unit that says that it hangs is unhealthy at once") {
  Bench bench = with_watchdog(OnUnhealthy::Restart);
  Word word;
  word.hung = true;
  CHECK(bench.notified("a", word) == "kill a SIGTERM group");
  CHECK(bench.was_said("a: unhealthy: it says itself that it hangs; stopping it to restart"));
}

TEST_CASE("a pause of the whole container is no silence") {
  Bench bench = with_watchdog(OnUnhealthy::Restart);
  CHECK(bench.tick(Millis{60'000}) == "");
  CHECK(bench.status("a").health == Health::Unknown);
  CHECK(next_deadline(bench.state).has_value());
}
