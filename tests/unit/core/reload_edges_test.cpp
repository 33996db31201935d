#include <doctest/doctest.h>

#include <functional>

#include "core/reload.h"
#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

// The edges of a reload: what does not end, what ends meanwhile, what changes under who runs.

namespace {

/// web needs db; beside is alone; motd is a boot step.
PlanBuilder base() {
  PlanBuilder made;
  made.builtin("motd");
  made.service("db");
  made.service("web", {}, {"db"});
  made.service("beside");
  return made;
}

Unit& unit_of(Plan& plan, const std::string& name) {
  return plan.units[base().index(name).value];
}

Plan changed(
    std::initializer_list<const char*> names,
    const std::function<void(Unit&)>& change = [](Unit& u) { u.launch.argv = {"other"}; }) {
  Plan plan = base().plan();
  for (const char* name : names) change(unit_of(plan, name));
  return plan;
}

Bench booted(Plan plan = base().plan()) {
  Bench bench(std::move(plan));
  bench.boot();
  bench.step_over("motd", StepResult::Changed);
  for (const char* name : {"db", "beside", "web"}) bench.up(name);
  return bench;
}

ExitStatus term() {
  return ExitStatus::signaled(15);
}

}  // namespace

TEST_CASE("what can't be ended ends the reload, and the plan in force stays") {
  Bench bench = booted();
  const MonoTime begun = bench.now;
  bench.reload(changed({"web", "beside"}));
  bench.ended("beside", term());
  std::string orders;
  for (int i = 0; i < 20 && bench.state.reload; ++i) orders = bench.tick_when_due();
  CHECK(bench.now ==
        begun + kReloadHoldMargin + 2 * Micros{bench.plan[bench.at("web")].stop.timeout});
  CHECK(orders ==
        "reply no: service.web can't be ended, so the configuration in force stays; spawn beside");
  CHECK(bench.ended("web", ExitStatus::signaled(9)) == "spawn web");
  CHECK(bench.plan[bench.at("web")].launch.argv == std::vector<std::string>{"web"});
}

TEST_CASE("a pause of the whole container does not end the waiting for what has to end") {
  Bench bench = booted();
  bench.reload(changed({"beside"}));
  bench.tick(Millis{600'000});
  CHECK(bench.state.reload.has_value());
  CHECK(bench.ended("beside", ExitStatus::signaled(9)) == "adopt; spawn beside");
}

namespace {

/// The boot step has failed, and is tried again while `beside` is to end.
Bench trying_again() {
  Plan plan =
      changed({"motd"}, [](Unit& unit) { unit.restart.when = RestartPolicy::When::OnFailure; });
  Bench bench(plan);
  bench.boot();
  bench.step_over("motd", StepResult::Failed, "no space");
  for (const char* name : {"db", "beside", "web"}) bench.up(name);
  unit_of(plan, "beside").launch.argv = {"other"};
  bench.reload(plan);
  CHECK(bench.tick_when_due() == "steps motd");
  return bench;
}

}  // namespace

TEST_CASE("a boot step that is tried again meanwhile is waited for") {
  Bench bench = trying_again();
  CHECK(bench.ended("beside", term()) == "");
  CHECK(bench.step_over("motd", StepResult::Changed) == "adopt; spawn beside");
}

TEST_CASE("no reload is given up while a boot step is applied") {
  Bench bench = trying_again();
  for (int i = 0; i < 20 && next_deadline(bench.state); ++i) bench.tick_when_due();
  CHECK(next_deadline(bench.state) == std::nullopt);
  CHECK(bench.tick(Millis{60'000}) == "");
  CHECK(bench.state.reload.has_value());
  CHECK(bench.step_over("motd", StepResult::Changed).find("can't be ended") != std::string::npos);
}

TEST_CASE("who is being stopped by a person stays stopped though a reload replaces it") {
  Bench bench = booted();
  bench.stop("beside");
  bench.reload(changed({"beside"}));
  bench.ended("beside", term());
  CHECK(!bench.state.reload);
  CHECK(bench.is("beside") == "stopped");
}

TEST_CASE("of two that go wrong at once the first one is named") {
  Bench bench = booted();
  bench.reload(changed({"db", "beside"}));
  bench.ended("beside", term());
  bench.ended("db", term());
  bench.spawned("db");
  bench.spawned("beside");
  const auto none = [&](const char* name) {
    return ProcessEnd{
        bench.at(name), bench.run(name), ExecFailure{2, "no such file"}, false, {}, 0};
  };
  bench.send(ProcessesEnded{{none("db"), none("beside")}, 0});
  CHECK(bench.was_said(
      "reload: service.db failed: no such file; going back to the configuration before"));
}

TEST_CASE("what fails for good while it waits to be held ends the container if it is to") {
  Bench bench = booted(changed({"db"}, [](Unit& unit) {
    unit.restart.when = RestartPolicy::When::Never;
    unit.on_failure = OnFailure::Shutdown;
  }));
  Plan next = bench.plan;
  for (const char* name : {"db", "web"}) unit_of(next, name).launch.argv = {"other"};
  CHECK(bench.reload(next) == "kill web SIGTERM group");
  bench.ended("db", ExitStatus::exited(1));
  CHECK(bench.state.shutdown.has_value());
}

TEST_CASE("a timeout that is taken away is none any more") {
  const auto speaks = [](Unit& unit) { unit.ready = CheckPlan{NotifyProbe{}}; };
  Bench bench = booted(changed({"beside"}, [&](Unit& unit) {
    speaks(unit);
    unit.timeout = Millis{10'000};
  }));
  CHECK(next_deadline(bench.state).has_value());
  bench.reload(changed({"beside"}, speaks));
  CHECK(next_deadline(bench.state) == std::nullopt);
}

TEST_CASE("who has to settle now has settled since its start") {
  Bench bench = booted(changed({"beside"}, [](Unit& unit) {
    unit.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  }));
  bench.now += Millis{1'000};
  bench.reload(changed({"beside"}, [](Unit& unit) { unit.settle = Millis{1'500}; }));
  CHECK(bench.is("beside") == "running");
  CHECK(bench.tick(Millis{499}) == "");
  CHECK(bench.is("beside") == "running");
  bench.tick(Millis{1});
  CHECK(bench.is("beside") == "ready");
}

TEST_CASE("a unit is freed when what it requires is skipped now") {
  Bench bench(base().plan());
  bench.boot();
  bench.step_over("motd", StepResult::Changed);
  bench.spawned("db");
  bench.exec_failed("db", 2, "no such file");
  REQUIRE(bench.is("web") == "blocked");
  const std::string orders =
      bench.reload(changed({"db"}, [](Unit& unit) { unit.conditions.skip_reason = "not wanted"; }));
  CHECK(orders.find("spawn web") != std::string::npos);
}

TEST_CASE("deaths in a row are counted from the start of the first run") {
  Bench bench = booted();
  bench.now += Millis{3'000};
  bench.ended("beside", ExitStatus::exited(1));
  bench.tick_when_due();
  bench.up("beside");
  bench.now += Millis{20};
  bench.ended("beside", ExitStatus::exited(1));
  CHECK(bench.status("beside").why == "exited 1 after 20 ms, 2 times in 3.5 s");
}

TEST_CASE("a pause takes no reload back, though no unit has a deadline of its own") {
  Bench bench = booted();
  bench.reload(changed({"beside"}, [](Unit& unit) { unit.ready = CheckPlan{NotifyProbe{}}; }));
  bench.ended("beside", term());
  bench.up("beside");
  CHECK(next_deadline(bench.state) == bench.now + kReloadPatience);
  CHECK(bench.tick(Millis{600'000}) == "");
  CHECK(bench.state.reload.has_value());
  CHECK(next_deadline(bench.state) > bench.now);
}

TEST_CASE("a row of stop signals that a reload has shortened ends where it ends now") {
  const auto with = [](std::vector<LaterSignal> later) {
    return changed({"beside"}, [&](Unit& unit) { unit.stop.later = later; });
  };
  Bench bench = booted(with({{Millis{1'000}, Signal{10}}, {Millis{1'000}, Signal{12}}}));
  bench.stop("beside");
  CHECK(bench.reload(with({})) == "adopt; reply ok: changes service.beside while it runs");
  CHECK(bench.tick(Millis{1'000}) == "");
  CHECK(bench.tick(Millis{9'000}) == "kill beside SIGKILL group");
}

TEST_CASE("who waits for what a reload has ended goes on waiting") {
  PlanBuilder made = base();
  unit_of(made.plan(), "db").ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  made.service("late", {"db"});
  Bench bench(made.plan());
  bench.boot();
  bench.step_over("motd", StepResult::Changed);
  bench.up("db");
  Plan next = made.plan();
  unit_of(next, "db").launch.argv = {"other"};
  bench.reload(next);
  CHECK(bench.ended("db", term()) == "adopt; spawn db");
  CHECK(bench.is("late") == "waiting");
}

TEST_CASE("a process that was never made is no run that a reload has ended") {
  Bench bench = booted();
  bench.ended("beside", ExitStatus::exited(1));
  REQUIRE(bench.tick_when_due() == "spawn beside");
  bench.reload(changed({"beside"}));
  CHECK(bench.spawn_failed("beside", 11, "cannot make a process") == "adopt; spawn beside");
  CHECK(bench.status("beside").restarts == 1);
}

TEST_CASE("what was skipped is not started when a reload is given up") {
  const auto skipped = [](Unit& unit) { unit.conditions.skip_reason = "not wanted"; };
  Bench bench = booted(changed({"beside"}, skipped));
  CHECK(bench.is("beside") == "skipped");
  bench.reload(changed({"web"}));
  CHECK(bench.is("beside") == "waiting");
  std::string orders;
  for (int i = 0; i < 20 && bench.state.reload; ++i) orders = bench.tick_when_due();
  CHECK(orders == "reply no: service.web can't be ended, so the configuration in force stays");
  CHECK(bench.is("beside") == "skipped");
}

namespace {

/// A mount that is checked, beside what keeps the container up.
Plan mount_with(const std::string& command, Millis timeout = Millis{30'000}) {
  PlanBuilder made;
  Unit& m = made.mount("m");
  m.launch.argv = {command};
  m.timeout = timeout;
  m.ready = CheckPlan{MountProbe{}};
  made.service("beside");
  return made.plan();
}

}  // namespace

TEST_CASE("a mount that a reload starts anew has its whole time again") {
  Bench bench(mount_with("wrong"));
  bench.boot();
  bench.up("beside");
  bench.spawned("m");
  bench.exec_failed("m", 2, "no such file");
  REQUIRE(bench.is("m") == "failed");
  bench.now += Millis{3'600'000};
  CHECK(bench.reload(mount_with("right")) == "adopt; spawn m");
  bench.up("m");
  CHECK(bench.tick() == "check m ready");
  CHECK(next_deadline(bench.state) == bench.now + Millis{30'000});
}

TEST_CASE("a mount that was there once is tried for ever, whatever a reload says of its time") {
  Bench bench(mount_with("it"));
  bench.boot();
  bench.up("beside");
  bench.up("m");
  bench.tick();
  bench.checked("m", CheckKind::Ready, true);
  bench.ended("m", ExitStatus::exited(1));
  bench.tick_when_due();
  bench.up("m");
  CHECK(bench.reload(mount_with("it", Millis{10'000})) ==
        "adopt; reply ok: changes mount.m while it runs");
  CHECK(bench.tick() == "check m ready");
  CHECK(next_deadline(bench.state) == std::nullopt);
}

TEST_CASE("who waits for others again, while a reload watches it, is not late") {
  PlanBuilder made;
  made.service("m");
  Unit& r = made.service("r");
  r.restart.delay = r.restart.max_delay = Millis{600'000};
  Unit& w = made.service("w", {"m"}, {"r"});
  w.restart_on = {made.index("m")};
  made.service("x");
  Plan next = made.plan();
  for (const char* name : {"w", "x"}) {
    Unit& unit = next.units[made.index(name).value];
    unit.ready = CheckPlan{NotifyProbe{}};
    unit.timeout = Millis{name[0] == 'w' ? 60'000 : 300'000};
  }
  Bench bench(made.plan());
  bench.boot();
  for (const char* name : {"m", "r", "x", "w"}) bench.up(name);
  bench.reload(next);
  bench.ended("x", term());
  bench.ended("w", term());
  bench.up("w");
  bench.up("x");
  bench.ended("r", ExitStatus::exited(1));
  bench.ended("m", ExitStatus::exited(1));
  bench.tick_when_due();
  CHECK(bench.up("m") == "kill w SIGTERM group");
  CHECK(bench.ended("w", term()) == "");
  CHECK(bench.is("w") == "waiting");
  CHECK(bench.tick(Millis{60'000}) == "");
  CHECK(next_deadline(bench.state) > bench.now);
}

TEST_CASE("what fails on the way back too ends the container if it is to") {
  const auto matters = [](Unit& unit) { unit.on_failure = OnFailure::Shutdown; };
  Bench bench = booted(changed({"db"}, matters));
  Plan next = changed({"db"}, matters);
  unit_of(next, "db").launch.argv = {"other"};
  bench.reload(next);
  bench.ended("db", term());
  bench.spawned("db");
  CHECK(bench.exec_failed("db", 2, "no such file") == "adopt; spawn db");
  CHECK(!bench.state.shutdown);
  bench.spawned("db");
  CHECK(bench.exec_failed("db", 2, "gone too")
            .starts_with("reply no: the container stops; it was taken back: service.db failed: no "
                         "such file"));
  CHECK(bench.state.shutdown.has_value());
}

TEST_CASE("what fails for good beside a reload ends the container if it is to") {
  Bench bench = booted(changed({"beside"}, [](Unit& unit) {
    unit.restart.when = RestartPolicy::When::Never;
    unit.on_failure = OnFailure::Shutdown;
  }));
  Plan next = bench.plan;
  unit_of(next, "db").launch.argv = {"other"};
  bench.reload(next);
  bench.ended("db", term());
  bench.up("db");
  bench.ended("beside", ExitStatus::exited(1));
  CHECK(bench.state.shutdown.has_value());
}

TEST_CASE("a unit whose conditions are being looked at is waited for") {
  Bench bench = booted();
  PlanBuilder next = base();
  next.service("new").conditions.if_exists = {"/x"};
  CHECK(bench.reload(next.plan()) == "adopt; ask new");
  CHECK(bench.conditions("new", true) == "spawn new");
  bench.up("new");
  CHECK(bench.tick(kReloadProof) == "reply ok: adds service.new");
}

TEST_CASE("a reload does not touch who is blocked for another reason") {
  Bench bench(base().plan());
  bench.boot();
  bench.step_over("motd", StepResult::Changed);
  bench.up("beside");
  bench.spawned("db");
  bench.exec_failed("db", 2, "no such file");
  REQUIRE(bench.is("web") == "blocked");
  const MonoTime blocked = bench.status("web").since;
  bench.now += Millis{1'000};
  bench.reload(changed({"beside"}));
  bench.ended("beside", term());
  CHECK(bench.is("web") == "blocked");
  CHECK(bench.status("web").since == blocked);
}

TEST_CASE("a step that waits for the helper is held with the others") {
  PlanBuilder made;
  made.builtin("first").restart.when = RestartPolicy::When::OnFailure;
  Unit& second = made.builtin("second");
  second.restart.when = RestartPolicy::When::OnFailure;
  second.restart.delay = Millis{1'000};
  made.service("web", {"second"});
  Bench bench(made.plan());
  bench.boot();
  bench.step_over("first", StepResult::Failed, "no space");
  bench.step_over("second", StepResult::Failed, "no space");
  bench.up("web");
  Plan next = made.plan();
  for (const char* name : {"second", "web"})
    next.units[made.index(name).value].launch.argv = {"other"};
  CHECK(bench.reload(next) == "kill web SIGTERM group");
  CHECK(bench.tick_when_due() == "steps first");
  CHECK(bench.tick_when_due() == "");
  CHECK(bench.ended("web", term()) == "");
  CHECK(bench.step_over("first", StepResult::Changed) == "adopt; steps second");
}

TEST_CASE("between the adoption of a plan and its start no command moves what is held") {
  Bench bench = booted();
  const Plan next = changed({"beside"});
  const Transition way = make_transition(bench.plan, next);
  bench.send(ReloadAsked{CommandId{1}, way, make_transition(next, bench.plan), "changes"});
  const ProcessEnd end{bench.at("beside"), bench.run("beside"), term(), false, {}, 0};
  // Fed past the bench, which would adopt and go on in one go.
  const Actions actions = step(bench.plan, bench.state, ProcessesEnded{{end}, 0}, bench.now);
  REQUIRE(std::holds_alternative<AdoptPlan>(actions.back()));
  adopt(bench.plan, next, bench.state, bench.now);
  bench.plan = next;
  CHECK(bench.stop("beside") == "reply no: a reload is changing service.beside");
  CHECK(bench.stop("db") == "kill db SIGTERM group");
  CHECK(bench.send(PlanAdopted{}) == "spawn beside");
}
