#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>

#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

// Every order of facts over every small graph, as far as the given depth goes: of each state that
// is reached all facts that can come next are tried, the commands of people and a reload included.

namespace {

/// doctest's own checks are too slow for millions.
void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// A core, and the two plans between which it may go.
struct Walker {
  std::shared_ptr<const std::array<Plan, 2>> plans;
  std::size_t at = 0;  ///< The plan in force.
  State state;
  MonoTime now{Millis{1'000'000}};
  std::uint64_t commands = 0;

  const Plan& plan() const { return (*plans)[at]; }
  const Plan& other() const { return (*plans)[1 - at]; }

  Actions feed(const Event& fact) {
    Actions actions = step(plan(), state, fact, now);
    const bool adopts = !actions.empty() && std::holds_alternative<AdoptPlan>(actions.back());
    if (!adopts) return actions;
    adopt(plan(), other(), state, now);
    at = 1 - at;
    for (Action& action : step(plan(), state, PlanAdopted{}, now)) {
      // Those before it, which are about the plan before, were looked at by themselves.
      after_adoption.push_back(std::move(action));
    }
    return actions;
  }
  Actions after_adoption;
};

/// What people may ask for. The job apart, there is nothing that they may not.
void add_commands(const Walker& bench, std::vector<Event>& facts) {
  const CommandId id{bench.commands + 1};
  for (std::uint32_t i = 0; i < bench.plan().units.size(); ++i) {
    facts.push_back(CommandReceived{id, StartUnit{UnitIndex{i}}});
    facts.push_back(CommandReceived{id, StopUnit{UnitIndex{i}}});
    facts.push_back(CommandReceived{id, RestartUnit{UnitIndex{i}}});
  }
  if (bench.state.reload) return;
  facts.push_back(ReloadAsked{id, make_transition(bench.plan(), bench.other()),
                              make_transition(bench.other(), bench.plan()), "changes"});
}

/// The facts that can come next, by what was ordered and not answered.
std::vector<Event> next_facts(const Walker& bench) {
  std::vector<Event> facts{Tick{}, SignalReceived{Signal{15}}};
  for (std::uint32_t i = 0; i < bench.plan().units.size(); ++i) {
    const UnitIndex unit{i};
    const auto ends = [&](RunId run, bool executed) {
      const auto end = [&](std::variant<ExitStatus, ExecFailure> how, bool group) {
        facts.push_back(ProcessesEnded{{ProcessEnd{unit, run, std::move(how), group, {}, 0}}, 0});
      };
      end(ExitStatus::exited(0), false);
      end(ExitStatus::exited(1), true);
      if (!executed) end(ExecFailure{2, "no such file"}, false);
    };
    std::visit(
        overloaded{
            [&](const phase::Spawning& p) {
              facts.push_back(Spawned{unit, p.run, Pid{7}});
              facts.push_back(SpawnFailed{unit, p.run, 11, "cannot make a process"});
            },
            [&](const phase::Recalled& p) {
              facts.push_back(Spawned{unit, p.run, Pid{7}});
              facts.push_back(SpawnFailed{unit, p.run, 11, "cannot make a process"});
            },
            [&](const phase::Starting& p) {
              facts.push_back(ExecSucceeded{unit, p.process.run});
              ends(p.process.run, false);
            },
            [&](const phase::Running& p) {
              facts.push_back(CheckFinished{unit, p.process.run, CheckKind::Ready, true, ""});
              ends(p.process.run, true);
            },
            [&](const phase::Ready& p) { ends(p.process.run, true); },
            [&](const phase::Stopping& p) { ends(p.process.run, true); },
            [&](const phase::Cleaning& p) {
              facts.push_back(GroupEmptied{unit, p.run});
            },
            [&](const phase::Applying& p) {
              facts.push_back(StepFinished{unit, p.run, StepResult::Changed, ""});
              facts.push_back(StepFinished{unit, p.run, StepResult::Failed, "so"});
              facts.push_back(StepFinished{unit, p.run, StepResult::NotBegun, "so"});
            },
            [&](const phase::Cancelling& p) {
              facts.push_back(StepFinished{unit, p.run, StepResult::Failed, "so"});
            },
            nothing_in<phase::Held, phase::Idle, phase::Waiting, phase::Asking, phase::Queued,
                       phase::Backoff, phase::Done, phase::Failed, phase::Blocked, phase::Skipped,
                       phase::Stopped>{},
        },
        bench.state.units[i].phase);
  }
  if (init_phase(bench.state) == InitPhase::Sweeping) facts.push_back(LeftoversCounted{0, ""});
  return facts;
}

/// Something can still come: a fact that answers an order, a deadline, or the end was reached.
bool has_a_way_out(const Walker& bench) {
  const InitPhase phase = init_phase(bench.state);
  if (phase == InitPhase::Finished) return true;
  if (phase == InitPhase::Up && !bench.state.reload) return true;
  return next_deadline(bench.state).has_value() || next_facts(bench).size() > 2;
}

/// By the orders of one turn alone: nobody starts before those it waits for have settled, and none
/// is signalled twice with the same signal.
void check_orders(const Walker& before, const Plan& plan, const State& after,
                  const Actions& actions) {
  std::set<std::pair<std::uint32_t, int>> signalled;
  for (const Action& action : actions) {
    if (const auto* spawn = std::get_if<Spawn>(&action)) {
      require(!before.state.shutdown, "a start during the stop");
      // Who has been started once waits no more, also for what a reload puts in front of it.
      const UnitRuntime& unit = after.units[spawn->unit.value];
      const auto& units = before.state.units;
      const bool again = spawn->unit.value < units.size() &&
                         std::holds_alternative<phase::Backoff>(units[spawn->unit.value].phase);
      if (unit.executed || unit.restart.streak > 0 || again) continue;
      for (const UnitIndex other : plan[spawn->unit].after) {
        require(after.units[other.value].settled, "a start before its time");
      }
    }
    if (const auto* kill = std::get_if<Kill>(&action)) {
      require(signalled.insert({kill->unit.value, kill->signal.value}).second, "signalled twice");
    }
  }
}

struct Walk {
  std::uint64_t turns = 0;

  void from(const Walker& bench, int depth) {
    require(has_a_way_out(bench), "no way out");
    if (depth == 0) return;
    auto facts = next_facts(bench);
    add_commands(bench, facts);
    for (const Event& fact : facts) {
      Walker next = bench;
      if (std::holds_alternative<Tick>(fact)) {
        next.now = std::max(next.now, next_deadline(next.state).value_or(next.now));
      }
      ++next.commands;
      const Actions actions = next.feed(fact);
      ++turns;
      if (next.at == bench.at) {
        check_orders(bench, next.plan(), next.state, actions);
      } else {
        ++adoptions;
        check_orders(bench, next.plan(), next.state, next.after_adoption);
        next.after_adoption.clear();
      }
      if (init_phase(next.state) != InitPhase::Finished) from(next, depth - 1);
    }
  }

  /// Boots `plan`, from which a reload goes over to `other` and back.
  void boot(const Plan& plan, const Plan& other, int depth) {
    Walker walker;
    walker.plans = std::make_shared<const std::array<Plan, 2>>(std::array<Plan, 2>{plan, other});
    walker.state = initial_state(plan, 1);
    walker.feed(Booted{});
    from(walker, depth);
  }

  std::uint64_t adoptions = 0;
};

/// What a unit of a small graph may be.
void add_unit(PlanBuilder& made, int shape, const std::string& name,
              const std::vector<std::string>& after, const std::vector<std::string>& needs) {
  switch (shape) {
    case 0:
      made.builtin(name, after);
      break;
    case 1:
      made.service(name, after, needs);
      break;
    case 2:
      made.service(name, after, needs).ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
      break;
    default:
      made.mount(name, after);
      break;
  }
}

std::uint64_t walk_pairs(int depth) {
  Walk walk;
  for (int shapes = 0; shapes < 4 * 4 * 3; ++shapes) {
    PlanBuilder made;
    add_unit(made, shapes % 4, "a", {}, {});
    const int link = shapes / 16;
    const std::vector<std::string> after =
        link == 1 ? std::vector<std::string>{"a"} : std::vector<std::string>{};
    const std::vector<std::string> needs =
        link == 2 ? std::vector<std::string>{"a"} : std::vector<std::string>{};
    add_unit(made, shapes / 4 % 4, "b", after, needs);
    made.plan().shutdown.timeout = Millis{shapes % 2 == 0 ? 9'000 : 0};
    // The other plan has no "b", or has another "a"; and "c" in front of all.
    PlanBuilder other;
    other.service("c");
    add_unit(other, shapes % 4, "a", {"c"}, {});
    if (shapes % 3 == 0) {
      other.plan().units.back().launch.argv.push_back("-v");
      add_unit(other, shapes / 4 % 4, "b", after, needs);
    }
    walk.boot(made.plan(), other.plan(), depth);
  }
  CHECK(walk.adoptions > 100);
  return walk.turns;
}

std::uint64_t walk_triples(int depth) {
  Walk walk;
  for (int links = 0; links < 8; ++links) {
    for (int shapes = 0; shapes < 8; ++shapes) {
      const auto shape = [&](int bit) { return (shapes >> bit & 1) == 0 ? 1 : 2; };
      PlanBuilder made;
      add_unit(made, shape(0), "a", {}, {});
      add_unit(made, shape(1), "b", {},
               (links & 1) != 0 ? std::vector<std::string>{"a"} : std::vector<std::string>{});
      std::vector<std::string> needs;
      if ((links & 2) != 0) needs.push_back("a");
      if ((links & 4) != 0) needs.push_back("b");
      add_unit(made, shape(2), "c", needs, {});
      Plan other = made.plan();
      other.units[0].launch.argv.push_back("-v");
      other.units[2].restart.limit = 1;
      walk.boot(made.plan(), other, depth);
    }
  }
  return walk.turns;
}

}  // namespace

TEST_CASE("every order of facts over every graph of two units has a way out") {
  const bool all = std::getenv("BOOTSMAN_TEST_LONG") != nullptr;
  MESSAGE(walk_pairs(all ? 6 : 4) << " turns");
}

TEST_CASE("every order of facts over every graph of three services has a way out") {
  const bool all = std::getenv("BOOTSMAN_TEST_LONG") != nullptr;
  // The sixth fact takes half an hour more, so it has a word of its own.
  const bool sixth = std::getenv("BOOTSMAN_TEST_SIXTH_FACT") != nullptr;
  MESSAGE(walk_triples(sixth ? 6 : all ? 5 : 4) << " turns");
}

TEST_CASE("the boot and the stop of 1000 units cost what they affect") {
  constexpr int kUnits = 1000;
  PlanBuilder made;
  made.builtin("first");
  for (int i = 1; i < kUnits - 1; ++i) made.service("s" + std::to_string(i), {"first"});
  Unit& job = made.job({});
  const auto self = made.index("job");
  for (std::uint32_t i = 0; i < self.value; ++i) {
    job.after.push_back(UnitIndex{i});
    made.plan().dependants[i].push_back(self);
  }
  Bench bench(made.plan());
  Micros spent{0};
  std::uint64_t turns = 0;
  const auto feed = [&](const Event& event) {
    const auto began = std::chrono::steady_clock::now();
    const Actions actions = step(bench.plan, bench.state, event, bench.now);
    spent += std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now() - began);
    ++turns;
    return actions;
  };
  std::vector<Event> queue{Booted{}};
  const auto answer = [&](const Action& action) {
    if (const auto* steps = std::get_if<RunSteps>(&action)) {
      for (const auto& item : steps->items) {
        queue.push_back(StepFinished{item.unit, item.run, StepResult::Changed, ""});
      }
    } else if (const auto* spawn = std::get_if<Spawn>(&action)) {
      queue.push_back(Spawned{spawn->unit, spawn->run, Pid{7}});
      queue.push_back(ExecSucceeded{spawn->unit, spawn->run});
    } else if (const auto* kill = std::get_if<Kill>(&action)) {
      queue.push_back(ProcessesEnded{
          {ProcessEnd{kill->unit, kill->run, ExitStatus::signaled(15), false, {}, 0}}, 0});
    }
  };
  const auto drain = [&] {
    for (std::size_t i = 0; i < queue.size(); ++i) {
      for (const Action& action : feed(Event(queue[i]))) answer(action);
    }
    queue.clear();
  };
  drain();
  CHECK(init_phase(bench.state) == InitPhase::Up);
  const double boot = static_cast<double>(spent.count()) / 1000.0;
  queue.push_back(SignalReceived{Signal{15}});
  drain();
  CHECK(init_phase(bench.state) == InitPhase::Sweeping);
  CHECK(bench.state.live == 0);
  const double all = static_cast<double>(spent.count()) / 1000.0;
  MESSAGE("1000 units: boot " << boot << " ms, stop " << all - boot << " ms in " << turns
                              << " turns");
}
