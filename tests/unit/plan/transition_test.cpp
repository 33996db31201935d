#include "plan/transition.h"

#include <doctest/doctest.h>

#include <functional>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::PlanBuilder;

namespace {

using Change = std::function<void(Unit&)>;

Unit service() {
  PlanBuilder made;
  return made.service("a");
}

std::string show(const Plan& from, const Plan& to) {
  return say_transition(from, to, make_transition(from, to));
}

Plan plan_of(
    const std::vector<std::string>& names, const Change& change = [](Unit&) {}) {
  PlanBuilder made;
  for (const auto& name : names) {
    Unit& unit = made.service(name);
    if (name == "a") change(unit);
  }
  return made.plan();
}

}  // namespace

TEST_CASE("what a unit was started with takes a new run, the rest counts while it runs") {
  struct Row {
    const char* what;
    Change change;
    bool new_run;
  };
  static const Row rows[] = {
      {"nothing", [](Unit&) {}, false},
      {"its command", [](Unit& u) { u.launch.argv.push_back("-v"); }, true},
      {"its environment",
       [](Unit& u) {
         u.launch.env.push_back({"A", "b"});
       },
       true},
      {"a secret", [](Unit& u) { u.launch.secrets.push_back("KEY"); }, true},
      {"its directory", [](Unit& u) { u.launch.directory = "/x"; }, true},
      {"its user", [](Unit& u) { u.launch.account = Account{}; }, true},
      {"a limit",
       [](Unit& u) {
         u.launch.limits.push_back({7, 100});
       },
       true},
      {"its niceness", [](Unit& u) { u.launch.nice = 5; }, true},
      {"its umask", [](Unit& u) { u.launch.umask = 0; }, true},
      {"privileges", [](Unit& u) { u.launch.no_new_privileges = true; }, true},
      {"a condition", [](Unit& u) { u.conditions.if_exists = {"/x"}; }, true},
      {"a condition that is settled", [](Unit& u) { u.conditions.skip_reason = "no"; }, true},
      {"one pipe for its output", [](Unit& u) { u.log.merge = true; }, true},
      {"a built-in step", [](Unit& u) { u.builtin = BuiltinStep{}; }, true},
      {"speaking by itself", [](Unit& u) { u.ready = CheckPlan{NotifyProbe{}}; }, true},
      {"a watchdog", [](Unit& u) { u.health = CheckPlan{WatchdogProbe{}}; }, true},
      {"a ready check",
       [](Unit& u) {
         u.ready = CheckPlan{TcpProbe{"::1", 80}};
       },
       false},
      {"a health check",
       [](Unit& u) {
         u.health = CheckPlan{TcpProbe{"::1", 80}};
       },
       false},
      {"the restart policy", [](Unit& u) { u.restart.limit = 5; }, false},
      {"the stop policy", [](Unit& u) { u.stop.timeout = Millis{1}; }, false},
      {"what its failure means", [](Unit& u) { u.on_failure = OnFailure::Shutdown; }, false},
      {"settling", [](Unit& u) { u.settle = Millis{1}; }, false},
      {"its timeout", [](Unit& u) { u.timeout = Millis{1}; }, false},
      {"success codes", [](Unit& u) { u.success_codes = {3}; }, false},
      {"forwarding", [](Unit& u) { u.forward = {Signal{1}}; }, false},
      {"the log format", [](Unit& u) { u.log.format = LogFormat::Json; }, false},
      {"order", [](Unit& u) { u.after = {UnitIndex{7}}; }, false},
      {"being early", [](Unit& u) { u.early = true; }, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Unit changed = service();
    row.change(changed);
    CHECK(needs_new_run(service(), changed) == row.new_run);
    CHECK(needs_new_run(changed, service()) == row.new_run);
  }
}

TEST_CASE("from one plan to another") {
  const Change command = [](Unit& unit) { unit.launch.argv = {"other"}; };
  const Change policy = [](Unit& unit) { unit.restart.limit = 3; };
  struct Row {
    const char* what;
    Plan from;
    Plan to;
    const char* text;
  };
  const Row rows[] = {
      {"the same", plan_of({"a", "b"}), plan_of({"a", "b"}), "nothing has changed"},
      {"another place in the file", plan_of({"a", "b"}), plan_of({"b", "a"}),
       "nothing has changed"},
      {"one more", plan_of({"a"}), plan_of({"b", "a"}), "adds service.b"},
      {"one less", plan_of({"a", "b"}), plan_of({"b"}), "removes service.a"},
      {"another command", plan_of({"a", "b"}), plan_of({"a", "b"}, command), "restarts service.a"},
      {"another policy", plan_of({"a", "b"}), plan_of({"b", "a"}, policy),
       "changes service.a while it runs"},
      {"all at once", plan_of({"a", "b"}), plan_of({"c", "a"}, command),
       "restarts service.a; adds service.c; removes service.b"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(show(row.from, row.to) == row.text);
  }
}

TEST_CASE("units of one bare name are told apart by their kind") {
  PlanBuilder step;
  step.step("a");
  CHECK(show(plan_of({"a"}), step.plan()) == "adds step.a; removes service.a");
}

TEST_CASE("order that differs only by where units stand is the same") {
  PlanBuilder one;
  one.service("x");
  one.service("b", {"x"});
  PlanBuilder other;
  other.service("y");
  other.service("x");
  other.service("b", {"x"});
  CHECK(show(one.plan(), other.plan()) == "adds service.y");
  PlanBuilder third;
  third.service("y");
  third.service("x");
  third.service("b", {"y"});
  CHECK(show(other.plan(), third.plan()) == "changes service.b while it runs");
}

TEST_CASE("each adjustment says what of the unit's run it touches") {
  const Plan to = plan_of({"b", "a"}, [](Unit& unit) {
    unit.ready = CheckPlan{TcpProbe{"::1", 80}};
    unit.timeout = Millis{5};
  });
  const Transition way = make_transition(plan_of({"a", "b"}), to);
  REQUIRE(way.adjusted.size() == 1);
  CHECK((way.adjusted[0] == Transition::Adjusted{UnitIndex{1}, true, false, true}));
  CHECK(way.moved.size() == 2);
  CHECK(way.moved[0] == UnitIndex{1});
  CHECK(way.moved[1] == UnitIndex{0});
}

TEST_CASE("what can't change while the container runs is kept, and named") {
  Plan current = plan_of({"a"});
  Plan next = plan_of({"a"});
  next.http.listen = {{"127.0.0.1", 1}};
  next.control.enabled = false;
  next.secret_names = {"X"};
  next.shutdown.drain = Millis{5};
  const ReloadTarget target = reload_target(current, next, false);
  CHECK(target.later == std::vector<std::string>{"[http]", "[control]", "secrets.names"});
  CHECK(target.plan.http == current.http);
  CHECK(target.plan.control == current.control);
  CHECK(target.plan.secret_names == current.secret_names);
  CHECK(target.plan.shutdown.drain == Millis{5});  // Counts for the next stop.
  CHECK(reload_target(current, current, false).later.empty());
}

TEST_CASE("the job never starts by a reload, nor ends") {
  const auto with_job = [](const std::string& argument) {
    PlanBuilder made;
    made.step("prepare");
    made.job({"prepare"}).launch.argv.push_back(argument);
    return made.plan();
  };
  const ReloadTarget changed = reload_target(with_job("old"), with_job("new"), true);
  CHECK(changed.later == std::vector<std::string>{"the job"});
  CHECK(changed.plan[*changed.plan.job()].launch.argv.back() == "old");
  CHECK(make_transition(with_job("old"), changed.plan).replaced.empty());

  const ReloadTarget gone = reload_target(with_job("old"), plan_of({"a"}), true);
  CHECK(gone.later == std::vector<std::string>{"the removal of the job"});
  CHECK(gone.plan.job().has_value());
  CHECK(gone.plan.dependants.size() == gone.plan.units.size());

  const ReloadTarget added = reload_target(plan_of({"a"}), with_job("new"), false);
  CHECK(added.later == std::vector<std::string>{"the job"});
  CHECK(added.plan[*added.plan.job()].conditions.skip_reason ==
        "it was added by a reload: a job begins with its container");

  // Until it has begun it is a unit as any other.
  const ReloadTarget early = reload_target(with_job("old"), with_job("new"), false);
  CHECK(early.later.empty());
  CHECK(early.plan[*early.plan.job()].launch.argv.back() == "new");
}
