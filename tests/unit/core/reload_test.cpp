#include <doctest/doctest.h>

#include <cerrno>
#include <functional>

#include "core/reload.h"
#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

// Going over to another plan. The bench plays the shell: it adopts when it is told to.

namespace {

/// web needs db; beside is alone.
PlanBuilder base() {
  PlanBuilder made;
  made.service("db");
  made.service("web", {}, {"db"});
  made.service("beside");
  return made;
}

Plan changed(const std::string& name, const std::function<void(Unit&)>& change) {
  Plan plan = base().plan();
  change(plan.units[base().index(name).value]);
  return plan;
}

void other_command(Unit& unit) {
  unit.launch.argv = {"other"};
}
void other_command_checked(Unit& unit) {
  other_command(unit);
  unit.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  unit.timeout = Millis{5'000};
}

Bench booted() {
  Bench bench(base().plan());
  bench.boot();
  for (const char* name : {"db", "beside", "web"}) bench.up(name);
  return bench;
}

ExitStatus term() {
  return ExitStatus::signaled(15);
}

/// Goes from deadline to deadline until the unit is spawned.
bool spawned_again(Bench& bench, const std::string& name) {
  for (int i = 0; i < 50; ++i)
    if (bench.tick_when_due() == "spawn " + name) return true;
  return false;
}

}  // namespace

TEST_CASE("nothing has changed: nothing happens") {
  Bench bench = booted();
  const RunId run = bench.run("web");
  CHECK(bench.reload(base().plan()) == "adopt; reply ok: nothing has changed");
  CHECK(bench.is("web") == "ready");
  CHECK(bench.run("web") == run);
  CHECK(!bench.state.reload);
}

TEST_CASE("only what has changed is restarted; those who require it go on") {
  Bench bench = booted();
  CHECK(bench.reload(changed("db", other_command)) == "kill db SIGTERM group");
  CHECK(bench.is("web") == "ready");
  CHECK(bench.ended("db", term()) == "adopt; spawn db");
  CHECK(bench.up("db") == "");
  CHECK(bench.tick(kReloadProof) == "reply ok: restarts service.db");
  CHECK(bench.is("web") == "ready");
  CHECK(bench.status("db").restarts == 1);
  CHECK(bench.status("web").restarts == 0);
  CHECK(bench.status("beside").restarts == 0);
}

TEST_CASE("dependants end before what they need, and start behind it") {
  Bench bench = booted();
  Plan both = changed("db", other_command_checked);
  other_command(both.units[1]);
  CHECK(bench.reload(both) == "kill web SIGTERM group");
  CHECK(bench.ended("web", term()) == "kill db SIGTERM group");
  CHECK(bench.is("web") == "waiting");
  CHECK(bench.status("web").why == "the configuration is being reloaded");
  CHECK(bench.ended("db", term()) == "adopt; spawn db");
  CHECK(bench.up("db") == "");
  CHECK(bench.is("web") == "waiting");
  CHECK(bench.tick() == "check db ready");
  CHECK(bench.checked("db", CheckKind::Ready, true) == "spawn web");
  CHECK(bench.up("web") == "");
  CHECK(bench.tick(kReloadProof) == "reply ok: restarts service.db, service.web");
}

TEST_CASE("added units start in their order, removed ones end; places in the plan move") {
  Bench bench = booted();
  PlanBuilder next;
  next.service("new");
  next.service("beside");
  next.service("db", {"new"});
  CHECK(bench.reload(next.plan()) == "kill web SIGTERM group");
  const RunId db = bench.run("db");
  CHECK(bench.ended("web", term()) == "adopt; spawn new");
  CHECK(bench.plan.units.size() == 3);
  CHECK(bench.run("db") == db);
  CHECK(bench.is("db") == "ready");
  CHECK(bench.is("beside") == "ready");
  CHECK(bench.up("new") == "");
  CHECK(bench.tick(kReloadProof) ==
        "reply ok: adds service.new; removes service.web; changes service.db while it runs");
  CHECK(bench.stop("db") == "kill db SIGTERM group");
}

TEST_CASE("a fact that names a unit by its old place finds it by its run") {
  Bench bench = booted();
  const UnitIndex old = bench.at("beside");
  const RunId run = bench.run("beside");
  PlanBuilder next;
  next.service("beside");
  next.service("db");
  next.service("web", {}, {"db"});
  CHECK(bench.reload(next.plan()) == "adopt; reply ok: nothing has changed");
  REQUIRE(bench.at("beside") != old);
  bench.send(ProcessesEnded{{ProcessEnd{old, run, ExitStatus::exited(1), false, {}, 0}}, 0});
  CHECK(bench.is("beside") == "backoff");
  CHECK(bench.is("web") == "ready");
}

TEST_CASE("a unit that is not ready in its time takes the whole reload back") {
  Bench bench = booted();
  PlanBuilder next = base();
  other_command_checked(next.plan().units[0]);
  next.service("new");
  bench.reload(next.plan());
  CHECK(bench.ended("db", term()) == "adopt; spawn db; spawn new");
  bench.up("db");
  bench.up("new");
  bench.tick();
  bench.checked("db", CheckKind::Ready, false, "connection refused");
  for (int i = 0; i < 9; ++i) {
    CHECK(bench.tick(Millis{500}) == "check db ready");
    bench.checked("db", CheckKind::Ready, false, "connection refused");
  }
  CHECK(bench.tick(Millis{499}) == "");
  CHECK(bench.tick(Millis{1}) == "check db ready; kill new SIGTERM group; kill db SIGTERM group");
  bench.ended("new", term());
  CHECK(bench.ended("db", term()) == "adopt; spawn db");
  CHECK(bench.plan.units.size() == 3);
  CHECK(bench.plan[bench.at("db")].launch.argv == std::vector<std::string>{"db"});
  CHECK(bench.up("db") ==
        "reply no: service.db did not get ready within 5 s: not ready after 5 s: connection "
        "refused; the configuration before is in force again");
  CHECK(bench.is("web") == "ready");
}

TEST_CASE("a unit without a check has to live for a second; a crash loop is taken back") {
  Bench bench = booted();
  bench.reload(changed("db", other_command));
  bench.ended("db", term());
  CHECK(bench.up("db") == "");
  CHECK(bench.is("db") == "ready");
  CHECK(next_deadline(bench.state) == bench.now + kReloadProof);
  CHECK(bench.tick(kReloadProof - Millis{1}) == "");
  std::uint32_t deaths = 1;
  bench.ended("db", ExitStatus::exited(1));
  while (bench.state.reload && !bench.state.reload->back && deaths < 10) {
    if (bench.tick_when_due() != "spawn db") continue;
    bench.up("db");
    bench.now += Millis{10};
    bench.ended("db", ExitStatus::exited(1));
    ++deaths;
  }
  CHECK(deaths == kReloadDeaths);
  CHECK(bench.plan[bench.at("db")].launch.argv == std::vector<std::string>{"db"});
  const std::string said = bench.up("db");
  CHECK(
      said.starts_with("reply no: service.db died 3 times before it was ready: exited 1 after 10 "
                       "ms, 3 times in "));
  CHECK(said.ends_with("; the configuration before is in force again"));
}

TEST_CASE("deaths before a reload do not count for it, and two of them take none back") {
  Bench bench = booted();
  for (int i = 0; i < 4; ++i) {
    bench.ended("db", ExitStatus::exited(1));
    REQUIRE(spawned_again(bench, "db"));
    bench.up("db");
  }
  bench.reload(changed("db", other_command_checked));
  bench.ended("db", term());
  for (int i = 0; i < 2; ++i) {
    bench.up("db");
    bench.ended("db", ExitStatus::exited(1));
    REQUIRE(spawned_again(bench, "db"));
  }
  bench.up("db");
  bench.tick();
  CHECK(bench.checked("db", CheckKind::Ready, true) == "reply ok: restarts service.db");
}

TEST_CASE("a process that can't be made now is no death") {
  Bench bench = booted();
  bench.reload(changed("db", other_command));
  bench.ended("db", term());
  for (int i = 0; i < 5; ++i) {
    bench.spawn_failed("db", EAGAIN, "cannot make a process");
    REQUIRE(spawned_again(bench, "db"));
  }
  CHECK(!bench.state.reload->back);
  bench.up("db");
  CHECK(bench.tick(kReloadProof) == "reply ok: restarts service.db");
}

TEST_CASE("a step that tries again after a reload is patiently waited for") {
  Bench bench = booted();
  PlanBuilder next = base();
  next.step("fetch").restart.when = RestartPolicy::When::OnFailure;
  bench.reload(next.plan());
  for (int i = 0; i < 4; ++i) {
    bench.up("fetch");
    bench.ended("fetch", ExitStatus::exited(1));
    REQUIRE(spawned_again(bench, "fetch"));
  }
  CHECK(!bench.state.reload->back);
  bench.up("fetch");
  CHECK(bench.ended("fetch", ExitStatus::exited(0)) == "reply ok: adds step.fetch");
}

TEST_CASE("the second of a unit without a check is not cut by its timeout") {
  Bench bench = booted();
  bench.reload(changed("db", [](Unit& unit) {
    other_command(unit);
    unit.timeout = Millis{200};
  }));
  bench.ended("db", term());
  bench.up("db");
  CHECK(bench.tick(Millis{500}) == "");
  CHECK(bench.tick(Millis{500}) == "reply ok: restarts service.db");
}

TEST_CASE("a unit that has settled for a second has lived for it") {
  Bench bench = booted();
  bench.reload(changed("db", [](Unit& unit) {
    other_command(unit);
    unit.settle = Millis{1'500};
  }));
  bench.ended("db", term());
  bench.up("db");
  CHECK(bench.tick(Millis{1'500}) == "reply ok: restarts service.db");
}

TEST_CASE("a program that can't be executed takes the reload back at once, not the container") {
  Bench bench = booted();
  const Plan next = changed("db", [](Unit& unit) {
    other_command(unit);
    unit.on_failure = OnFailure::Shutdown;
  });
  bench.reload(next);
  bench.ended("db", term());
  bench.spawned("db");
  CHECK(bench.exec_failed("db", 2, "cannot execute other: no such file") == "adopt; spawn db");
  CHECK(!bench.state.shutdown);
  CHECK(bench.up("db") ==
        "reply no: service.db failed: cannot execute other: no such file; the configuration "
        "before is in force again");
}

TEST_CASE("a unit that does not come back after the way back is named, and that is the end") {
  Bench bench = booted();
  bench.reload(changed("db", other_command));
  bench.ended("db", term());
  bench.spawned("db");
  bench.exec_failed("db", 2, "no such file");
  bench.spawned("db");
  CHECK(bench.exec_failed("db", 2, "gone too") ==
        "reply no: service.db failed: no such file; the configuration before is in force again; "
        "and there service.db failed: gone too");
  CHECK(!bench.state.reload);
}

TEST_CASE("a step that fails and may fail does not take a reload back") {
  Bench bench = booted();
  PlanBuilder next = base();
  next.builtin("motd");
  CHECK(bench.reload(next.plan()) == "adopt; steps motd");
  CHECK(bench.step_over("motd", StepResult::Failed, "no") == "reply ok: adds step.motd");
}

TEST_CASE("a unit that a person stopped stays stopped") {
  Bench bench = booted();
  bench.stop("beside");
  bench.ended("beside", term());
  CHECK(bench.reload(changed("beside", other_command)) ==
        "adopt; reply ok: restarts service.beside");
  CHECK(bench.is("beside") == "stopped");
  CHECK(bench.start("beside") == "spawn beside");
}

TEST_CASE("a unit in backoff, failed or blocked starts anew with what it is now") {
  Bench bench(base().plan());
  bench.boot();
  bench.spawned("db");
  bench.exec_failed("db", 2, "no such file");
  CHECK(bench.is("web") == "blocked");
  CHECK(bench.reload(changed("db", other_command)) == "adopt; spawn db");
  CHECK(bench.is("web") == "waiting");
  CHECK(bench.up("db") == "spawn web");
  CHECK(bench.tick(kReloadProof) == "reply ok: restarts service.db");
}

TEST_CASE("checks change while the unit runs, and an answer to the old one says nothing") {
  Bench bench(changed("beside", [](Unit& unit) {
    unit.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  }));
  bench.boot();
  bench.up("beside");
  CHECK(bench.tick() == "check beside ready");
  const Plan next = changed("beside", [](Unit& unit) {
    unit.ready = CheckPlan{TcpProbe{"127.0.0.1", 81}};
  });
  CHECK(bench.reload(next) == "adopt; reply ok: changes service.beside while it runs");
  CHECK(bench.checked("beside", CheckKind::Ready, true) == "");
  CHECK(bench.is("beside") == "running");
  CHECK(bench.tick() == "check beside ready");
  bench.checked("beside", CheckKind::Ready, true);
  CHECK(bench.is("beside") == "ready");
}

TEST_CASE("a ready check that is taken away makes the running unit ready") {
  Bench bench(changed("beside", [](Unit& unit) {
    unit.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  }));
  bench.boot();
  bench.up("beside");
  bench.reload(base().plan());
  CHECK(bench.is("beside") == "ready");
}

TEST_CASE("a health check comes and goes with the plan") {
  Bench bench = booted();
  const Plan with = changed("beside", [](Unit& unit) {
    unit.health = CheckPlan{TcpProbe{"127.0.0.1", 80}};
    unit.health->failures = 1;
  });
  bench.reload(with);
  CHECK(bench.tick() == "check beside health");
  bench.checked("beside", CheckKind::Health, false);
  CHECK(bench.status("beside").health == Health::Unhealthy);
  bench.reload(base().plan());
  CHECK(bench.status("beside").health == Health::Unknown);
  CHECK(bench.status("beside").why == "");
  CHECK(next_deadline(bench.state) == std::nullopt);
}

TEST_CASE("a new timeout counts from the start of the run") {
  Bench bench(changed("beside", [](Unit& unit) { unit.ready = CheckPlan{NotifyProbe{}}; }));
  bench.boot();
  bench.up("beside");
  bench.now += Millis{3'000};
  bench.reload(changed("beside", [](Unit& unit) {
    unit.ready = CheckPlan{NotifyProbe{}};
    unit.timeout = Millis{10'000};
  }));
  CHECK(next_deadline(bench.state) == bench.now + Millis{7'000});
}

TEST_CASE("while a reload is under way others are refused, and so are commands on its units") {
  Bench bench = booted();
  bench.reload(changed("db", other_command));
  CHECK(bench.reload(base().plan()) == "reply no: another reload is under way");
  CHECK(bench.restart("db") == "reply no: a reload is changing service.db");
  CHECK(bench.restart("beside") == "kill beside SIGTERM group");
  bench.ended("db", term());
  CHECK(bench.stop("db") == "reply no: a reload is changing service.db");
}

TEST_CASE("a command under way is overtaken by the reload of its unit") {
  Bench bench = booted();
  bench.restart("db");
  CHECK(bench.reload(changed("db", other_command)) ==
        "reply no: service.db: overtaken by a reload");
  CHECK(bench.ended("db", term()) == "adopt; spawn db");
}

TEST_CASE("the stop of the container ends a reload at any point") {
  Bench holding = booted();
  holding.reload(changed("db", other_command));
  CHECK(holding.signal(15).starts_with("reply no: the container stops; it was not done"));
  CHECK(holding.ended("db", term()).find("adopt") == std::string::npos);

  Bench watching = booted();
  watching.reload(changed("db", other_command));
  watching.ended("db", term());
  CHECK(watching.signal(15).starts_with("reply no: the container stops; its outcome is not known"));
  CHECK(!watching.state.reload);
}

TEST_CASE("a reload waits for no boot, but for the boot steps") {
  CHECK(Bench(base().plan()).reload(base().plan()) == "reply no: the boot has not begun");
  PlanBuilder made = base();
  made.builtin("motd");
  Bench bench(made.plan());
  bench.boot();
  CHECK(bench.reload(base().plan()) ==
        "reply no: boot steps are being applied; try again when they are done");
  bench.step_over("motd", StepResult::Changed);
  CHECK(bench.reload(made.plan()) == "adopt; reply ok: nothing has changed");
}

TEST_CASE("the boot stays done while a reload starts units anew") {
  Bench bench = booted();
  CHECK(startup_verdict(bench.plan, bench.state).ok);
  bench.reload(changed("db", other_command));
  bench.ended("db", term());
  CHECK(startup_verdict(bench.plan, bench.state).ok);
  CHECK(!ready_verdict(bench.plan, bench.state).ok);
  CHECK(health_verdict(bench.plan, bench.state).ok);
}

TEST_CASE("a unit that waits for others does not hold a reload up") {
  Bench bench(changed("beside", [](Unit& unit) { unit.ready = CheckPlan{NotifyProbe{}}; }));
  bench.boot();
  bench.up("db");
  bench.up("beside");
  Plan next = bench.plan;
  next.units[1].launch.argv = {"other"};
  next.units[1].after.push_back(UnitIndex{2});
  std::swap(next.units[1], next.units[2]);
  next.units[2].after = {UnitIndex{0}, UnitIndex{1}};
  next.units[2].requires_ = {UnitIndex{0}};
  next.dependants = {{UnitIndex{2}}, {UnitIndex{2}}, {}};
  bench.up("web");
  CHECK(bench.reload(next) == "kill web SIGTERM group");
  CHECK(bench.ended("web", term()) ==
        "adopt; reply ok: restarts service.web; service.web still waiting for other units");
}

TEST_CASE("a pause of the whole container takes no reload back") {
  Bench bench = booted();
  bench.reload(changed("db", other_command_checked));
  bench.ended("db", term());
  bench.up("db");
  CHECK(bench.tick(Millis{60'000}).find("kill") == std::string::npos);
  CHECK(bench.state.reload.has_value());
}
