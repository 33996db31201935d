#include <set>

#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

TEST_CASE("the table of settings and the table of functions name the same steps") {
  std::set<std::string_view> named, built;
  for (const StepType& type : step_types()) named.insert(type.type);
  for (const BuiltIn& step : built_in_steps()) built.insert(step.type);
  CHECK(named == built);
  for (const StepKey& key : step_keys()) {
    INFO(key.step << "." << key.key);
    CHECK(named.contains(key.step));
    CHECK(!key.doc.empty());
    const Value filled = with_step_defaults(key.step, {});
    const Value* value = filled.find(key.key);
    REQUIRE(value != nullptr);
    CHECK((key.type == StepKeyType::Bool) == (value->boolean() != nullptr));
    CHECK((key.type == StepKeyType::Integer) == (value->integer() != nullptr));
    CHECK((key.type == StepKeyType::Strings) == (value->array() != nullptr));
    CHECK((key.type == StepKeyType::Pairs) == (value->object() != nullptr));
  }
}

TEST_CASE("no step fails or throws in an empty container") {
  for (const BuiltIn& step : built_in_steps()) {
    INFO(step.type);
    BootWorld world;
    world.entries.clear();
    const auto work = world.plan(std::string(step.type));
    // Only the password step needs a file: /etc/passwd.
    CHECK(work.has_value() == (step.type != "password"));
  }
}

TEST_CASE("a record counts while its targets are as they were left") {
  BootWorld world;
  world.start("pip");
  world.facts.record = world.records["pip"];
  CHECK(record_holds(world.facts));
  world.entries["/etc/pip.conf"].text += "x";
  CHECK(!record_holds(world.facts));
  world.entries.erase("/etc/pip.conf");
  CHECK(!record_holds(world.facts));
  world.facts.record.reset();
  CHECK(!record_holds(world.facts));
}
