#include <doctest/doctest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/format.h"
#include "unit/core/bench.h"

using namespace bootsman;
using bootsman::test::Bench;
using bootsman::test::PlanBuilder;

// Every phase of a unit × every fact, against a golden file. Of each pair the file says what the
// unit "a" is afterwards, and what was ordered; what it does not list changes nothing and orders
// nothing. BOOTSMAN_WRITE_GOLDEN=1 writes the file anew.

namespace {

const char* const kGolden = BOOTSMAN_SOURCE_DIR "/tests/golden/core/phases.txt";

/// A service "a" with both checks, beside a service "b" that never ends, so that a stop goes on.
PlanBuilder service_plan() {
  PlanBuilder made;
  Unit& a = made.service("a");
  a.ready = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  a.health = CheckPlan{TcpProbe{"127.0.0.1", 80}};
  a.health->failures = 1;
  a.health->on_unhealthy = OnUnhealthy::Restart;
  made.service("b");
  return made;
}

Bench service_in(const std::function<void(Bench&)>& drive) {
  Bench bench(service_plan().plan());
  drive(bench);
  return bench;
}

void make_ready(Bench& bench) {
  bench.boot();
  bench.up("b");
  bench.up("a");
  bench.tick();
  bench.checked("a", CheckKind::Ready, true);
  bench.tick();  // A health check is under way.
}

/// As service_plan(), where "a" has a stop command and several signals.
Bench patient_service_in(const std::function<void(Bench&)>& drive) {
  PlanBuilder made = service_plan();
  StopPolicy& stop = made.plan().units[0].stop;
  stop.command = {"stop"};
  stop.signal = Signal{2};
  stop.later = {{Millis{1'000}, Signal{15}}, {Millis{500}, Signal{10}}};
  Bench bench(made.plan());
  drive(bench);
  return bench;
}

Bench queued_step() {
  PlanBuilder made;
  made.builtin("first");
  made.service("b");
  made.builtin("a", {"b"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  return bench;
}

Bench applied_step(bool cancelled) {
  PlanBuilder made;
  made.builtin("a");
  made.service("b");
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  if (cancelled) bench.signal(15);
  return bench;
}

/// A built-in step with a timeout, the first of two in a helper.
Bench timed_step(bool late) {
  PlanBuilder made;
  made.builtin("a").timeout = Millis{5'000};
  made.builtin("second");
  made.service("b");
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  if (late) bench.tick(Millis{5'000});
  return bench;
}

Bench command_step(const std::function<void(Bench&)>& drive) {
  PlanBuilder made;
  made.step("a").timeout = Millis{5'000};
  made.service("b");
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  drive(bench);
  return bench;
}

Bench asking() {
  PlanBuilder made;
  made.service("a").conditions.if_exists = {"/x"};
  made.service("b");
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  return bench;
}

Bench dependent_on_stopped() {
  PlanBuilder made;
  made.service("b");
  made.service("c");
  made.service("a", {}, {"c"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  bench.stop("c");
  bench.spawned("c");
  bench.ended("c", ExitStatus::signaled(15));
  return bench;
}

Bench dependent(bool blocked) {
  PlanBuilder made;
  made.service("b");
  made.service("c").restart.when = RestartPolicy::When::Never;
  made.service("a", {}, {"c"});
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  bench.spawned("c");
  if (blocked) bench.exec_failed("c", ENOENT, "no such file");
  return bench;
}

Word word(bool Word::*what) {
  Word said;
  said.*what = true;
  return said;
}

/// Both by its own word: readiness, and a watchdog that restarts.
Bench speaking(const std::function<void(Bench&)>& drive) {
  PlanBuilder made;
  Unit& a = made.service("a");
  a.ready = CheckPlan{NotifyProbe{}};
  a.health = CheckPlan{WatchdogProbe{}};
  a.health->on_unhealthy = OnUnhealthy::Restart;
  made.service("b");
  Bench bench(made.plan());
  bench.boot();
  bench.up("b");
  drive(bench);
  return bench;
}

struct In {
  std::string phase;
  std::function<Bench()> make;
};

std::vector<In> phases() {
  using B = Bench;
  const auto service = [](std::function<void(B&)> drive) {
    return [drive] { return service_in(drive); };
  };
  return {
      {"idle", service([](B&) {})},
      {"waiting for its requirement", [] { return dependent(false); }},
      {"asking", asking},
      {"queued", queued_step},
      {"applying", [] { return applied_step(false); }},
      {"cancelling", [] { return applied_step(true); }},
      {"applying, with a timeout", [] { return timed_step(false); }},
      {"cancelling, out of time", [] { return timed_step(true); }},
      {"spawning", service([](B& b) { b.boot(), b.up("b"); })},
      {"recalled", service([](B& b) { b.boot(), b.up("b"), b.signal(15); })},
      {"starting", service([](B& b) { b.boot(), b.up("b"), b.spawned("a"); })},
      {"running, being checked", service([](B& b) { b.boot(), b.up("b"), b.up("a"), b.tick(); })},
      {"running, until its word", [] { return speaking([](B& b) { b.up("a"); }); }},
      {"ready, under a watchdog",
       [] { return speaking([](B& b) { b.up("a"), b.notified("a", word(&Word::ready)); }); }},
      {"running, a step", [] { return command_step([](B& b) { b.up("a"); }); }},
      {"ready, being checked", service(make_ready)},
      {"stopping to stay", service([](B& b) { make_ready(b), b.signal(15); })},
      {"stopping to restart",
       service([](B& b) { make_ready(b), b.checked("a", CheckKind::Health, false); })},
      {"stopping, killed",
       service([](B& b) { make_ready(b), b.signal(15), b.signal(15), b.signal(15); })},
      {"stopping, a step out of time",
       [] { return command_step([](B& b) { b.up("a"), b.tick(Millis{5'000}); }); }},
      {"cleaning", service([](B& b) { make_ready(b), b.ended("a", ExitStatus::exited(1), true); })},
      {"cleaning, killed", service([](B& b) {
         make_ready(b), b.ended("a", ExitStatus::exited(1), true), b.tick(Millis{10'000});
       })},
      {"backoff", service([](B& b) { make_ready(b), b.ended("a", ExitStatus::exited(1)); })},
      {"done", [] { return command_step([](B& b) { b.up("a"), b.ended("a", ExitStatus{}); }); }},
      {"failed", service([](B& b) {
         b.boot(), b.up("b"), b.spawned("a"), b.exec_failed("a", ENOENT, "no such file");
       })},
      {"blocked", [] { return dependent(true); }},
      {"skipped",
       [] {
         B bench = asking();
         bench.conditions("a", false, "no /x");
         return bench;
       }},
      {"stopped",
       service([](B& b) { make_ready(b), b.signal(15), b.ended("a", ExitStatus::signaled(15)); })},
      {"recalled by a stop", service([](B& b) { b.boot(), b.up("b"), b.stop("a"); })},
      {"stopping by command", service([](B& b) { make_ready(b), b.stop("a"); })},
      {"restarting by command", service([](B& b) { make_ready(b), b.restart("a"); })},
      {"cleaning, stopped by command", service([](B& b) {
         make_ready(b), b.ended("a", ExitStatus::exited(1), true), b.stop("a");
       })},
      {"stopped by command",
       service([](B& b) { make_ready(b), b.stop("a"), b.ended("a", ExitStatus::signaled(15)); })},
      {"running by command", service([](B& b) {
         make_ready(b), b.stop("a"), b.ended("a", ExitStatus::signaled(15));
         b.start("a"), b.up("a"), b.tick();
       })},
      {"blocked by a stop", dependent_on_stopped},
      {"stopping by its stop command",
       [] { return patient_service_in([](B& b) { make_ready(b), b.stop("a"); }); }},
      {"stopping, one of three signals sent",
       [] {
         return patient_service_in(
             [](B& b) { make_ready(b), b.stop("a"), b.stop_command_over("a", false); });
       }},
      {"stopping, all of three signals sent",
       [] {
         return patient_service_in([](B& b) {
           make_ready(b), b.stop("a"), b.stop_command_over("a", false);
           b.tick(Millis{1'000}), b.tick(Millis{500});
         });
       }},
  };
}

struct Fact {
  std::string name;
  std::function<std::string(Bench&)> feed;
};

std::vector<Fact> facts() {
  using B = Bench;
  return {
      {"booted", [](B& b) { return b.boot(); }},
      {"conditions hold", [](B& b) { return b.conditions("a", true); }},
      {"conditions do not hold", [](B& b) { return b.conditions("a", false, "no /x"); }},
      {"spawned", [](B& b) { return b.spawned("a"); }},
      {"spawn failed", [](B& b) { return b.spawn_failed("a", EAGAIN, "no process"); }},
      {"executed", [](B& b) { return b.executed("a"); }},
      {"not executed, ENOENT", [](B& b) { return b.exec_failed("a", ENOENT, "no file"); }},
      {"not executed, EAGAIN", [](B& b) { return b.exec_failed("a", EAGAIN, "not now"); }},
      {"exited 0", [](B& b) { return b.ended("a", ExitStatus::exited(0)); }},
      {"exited 1", [](B& b) { return b.ended("a", ExitStatus::exited(1)); }},
      {"exited 1, group left", [](B& b) { return b.ended("a", ExitStatus::exited(1), true); }},
      {"killed", [](B& b) { return b.ended("a", ExitStatus::signaled(9)); }},
      {"group emptied", [](B& b) { return b.group_emptied("a"); }},
      {"step changed", [](B& b) { return b.step_over("a", StepResult::Changed); }},
      {"step skipped", [](B& b) { return b.step_over("a", StepResult::Skipped, "so"); }},
      {"step unused", [](B& b) { return b.step_over("a", StepResult::Unused, "so"); }},
      {"step failed", [](B& b) { return b.step_over("a", StepResult::Failed, "so"); }},
      {"step not begun", [](B& b) { return b.step_over("a", StepResult::NotBegun); }},
      {"stop command succeeded", [](B& b) { return b.stop_command_over("a", true); }},
      {"stop command failed", [](B& b) { return b.stop_command_over("a", false); }},
      {"ready check passed", [](B& b) { return b.checked("a", CheckKind::Ready, true); }},
      {"ready check failed", [](B& b) { return b.checked("a", CheckKind::Ready, false); }},
      {"health check passed", [](B& b) { return b.checked("a", CheckKind::Health, true); }},
      {"health check failed", [](B& b) { return b.checked("a", CheckKind::Health, false); }},
      {"it says ready", [](B& b) { return b.notified("a", word(&Word::ready)); }},
      {"it says alive", [](B& b) { return b.notified("a", word(&Word::alive)); }},
      {"it says hung", [](B& b) { return b.notified("a", word(&Word::hung)); }},
      {"it can't speak", [](B& b) { return b.notified("a", word(&Word::speechless)); }},
      {"SIGTERM", [](B& b) { return b.signal(15); }},
      {"SIGHUP", [](B& b) { return b.signal(1); }},
      {"tick", [](B& b) { return b.tick(); }},
      {"tick when due", [](B& b) { return b.tick_when_due(); }},
      {"tick after a minute", [](B& b) { return b.tick(Millis{60'000}); }},
      {"leftovers counted", [](B& b) { return b.counted(0); }},
      {"command start", [](B& b) { return b.start("a"); }},
      {"command stop", [](B& b) { return b.stop("a"); }},
      {"command restart", [](B& b) { return b.restart("a"); }},
      {"command SIGUSR1",
       [](B& b) {
         return b.command(SignalUnit{b.at("a"), Signal{10}});
       }},
  };
}

std::string table() {
  std::string text = "The facts (what is not listed with a phase changes nothing in it):\n";
  for (const Fact& fact : facts()) text += std::string("  ") + fact.name + "\n";
  for (const In& in : phases()) {
    const Bench before = in.make();
    const std::string state = before.is("a");
    text += format("\n== {} ({})\n", in.phase, state);
    for (const Fact& fact : facts()) {
      Bench bench = before;
      const std::string orders = fact.feed(bench);
      const bool same = bench.state.units[bench.at("a").value].phase ==
                        before.state.units[before.at("a").value].phase;
      if (same && orders.empty()) continue;
      text += format("{:24} → {:9} {}", fact.name, bench.is("a"), orders);
      text.erase(text.find_last_not_of(' ') + 1) += "\n";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("every fact in every phase does what the table says") {
  const std::string found = table();
  if (std::getenv("BOOTSMAN_WRITE_GOLDEN") != nullptr) std::ofstream(kGolden) << found;
  std::stringstream wanted;
  wanted << std::ifstream(kGolden).rdbuf();
  CHECK(found == wanted.str());
}

TEST_CASE("a fact of an earlier run changes nothing in any phase") {
  for (const In& in : phases()) {
    for (const Fact& fact : facts()) {
      const std::string& name = fact.name;
      const bool about_run = name != "booted" && !name.starts_with("SIG") &&
                             !name.starts_with("tick") && !name.starts_with("command") &&
                             name != "leftovers counted";
      if (!about_run) continue;
      CAPTURE(in.phase);
      CAPTURE(name);
      Bench bench = in.make();
      State before = bench.state;
      before.last_turn = bench.now;
      bench.runs[bench.at("a")] = RunId{999};
      CHECK(fact.feed(bench) == "");
      CHECK((bench.state == before));
    }
  }
}
