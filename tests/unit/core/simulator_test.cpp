#include "unit/core/simulator.h"
#include "base/format.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace bootsman;
using namespace bootsman::test;

namespace bootsman::test {

namespace {

std::string name_of(const Plan& plan, UnitIndex unit) {
  return unit.value < plan.units.size() ? plan[unit].name : "nobody";
}

std::string show_command(const Plan& plan, const Command& command) {
  return std::visit(
      overloaded{
          [&](const StartUnit& c) { return "command start " + name_of(plan, c.unit); },
          [&](const StopUnit& c) { return "command stop " + name_of(plan, c.unit); },
          [&](const RestartUnit& c) { return "command restart " + name_of(plan, c.unit); },
          [&](const SignalUnit& c) { return "command signal " + name_of(plan, c.unit); },
          [](const StopInit&) { return std::string("command shutdown"); },
      },
      command);
}

std::string show_fact(const Plan& plan, const Event& event) {
  const auto about = [&](const char* what, const auto& fact) {
    return format("{} {}#{}", what, name_of(plan, fact.unit), fact.run.value);
  };
  return std::visit(
      overloaded{
          [](const Booted&) { return std::string("booted"); },
          [&](const ConditionsKnown& f) { return about(f.holds ? "holds" : "skip", f); },
          [&](const Spawned& f) { return about("spawned", f); },
          [&](const SpawnFailed& f) { return about("spawn failed", f); },
          [&](const ExecSucceeded& f) { return about("executed", f); },
          [&](const ProcessesEnded& f) {
            std::string text = "ended";
            for (const ProcessEnd& end : f.ends) {
              text += about(end.group_left ? " (group left)" : "", end);
            }
            return text;
          },
          [&](const GroupEmptied& f) { return about("emptied", f); },
          [&](const StepFinished& f) { return about("step", f); },
          [&](const StopCommandEnded& f) { return about("stop command over", f); },
          [&](const CheckFinished& f) { return about(f.ok ? "check ok" : "check bad", f); },
          [&](const Notified& f) { return about("says", f); },
          [](const SignalReceived& f) { return signal_name(f.signal); },
          [](const Tick&) { return std::string("tick"); },
          [](const LeftoversCounted& f) { return format("left {}", f.count); },
          [&](const CommandReceived& f) { return show_command(plan, f.what); },
          [](const ReloadAsked& f) { return "reload: " + f.summary; },
          [](const PlanAdopted&) { return std::string("adopted"); },
      },
      event);
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

void Simulator::trace(const Event& event, const Actions& actions) const {
  std::printf("%10.3f  %-30s → %s\n", static_cast<double>(now().time_since_epoch().count()) / 1e6,
              show_fact(plan_, event).c_str(), show(plan_, actions).c_str());
}

}  // namespace bootsman::test

// BOOTSMAN_HISTORIES=N plays N histories, BOOTSMAN_SEED=S plays the one of seed S and prints it.
TEST_CASE("whatever happens in whatever order, the invariants hold") {
  const char* one = std::getenv("BOOTSMAN_SEED");
  const std::uint64_t first = number_from("BOOTSMAN_SEED", 1);
  const bool all = std::getenv("BOOTSMAN_TEST_LONG") != nullptr;
  const std::uint64_t count =
      one != nullptr ? 1 : number_from("BOOTSMAN_HISTORIES", all ? 100'000 : 5'000);
  std::uint64_t facts = 0;
  std::uint64_t commands = 0;
  std::uint64_t reloads = 0;
  std::uint64_t taken_back = 0;
  int broken = 0;
  for (std::uint64_t seed = first; seed < first + count && broken < 5; ++seed) {
    SimulatorOptions options;
    options.trace = one != nullptr;
    Simulator simulator(seed, options);
    try {
      simulator.run();
    } catch (const Broken& reason) {
      ++broken;
      FAIL_CHECK("seed " << seed << ": " << std::string(reason.what())
                         << " (play it again with BOOTSMAN_SEED=" << seed << ")");
    }
    facts += simulator.facts();
    commands += simulator.commands();
    reloads += simulator.reloads();
    taken_back += simulator.taken_back();
  }
  MESSAGE(count << " histories, " << facts << " facts, " << commands << " commands, " << reloads
                << " of them reloads, " << taken_back << " taken back");
  if (count >= 1'000) {
    CHECK(reloads > count / 10);
    CHECK(taken_back > count / 200);
  }
}
