#include "wire/event_log.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "unit/core/bench.h"

namespace bootsman {

namespace {

EventLog log_of(std::initializer_list<const char*> units, std::size_t kept = 10) {
  EventLog log(kept);
  for (const char* unit : units) log.add({0, 0, "state", unit, "idle", "ready", ""}, 5);
  return log;
}

std::string sequences(const EventLog& log, const EventQuery& query) {
  std::string text;
  log.each(query.begin(log), [&](const EventRecord& event) {
    if (query.wants(event)) text += (text.empty() ? "" : " ") + std::to_string(event.sequence);
  });
  return text;
}

}  // namespace

TEST_CASE("which of the remembered events a query begins with") {
  const auto log = log_of({"a", "b", "a", "b", "", "a"});
  const auto full = log_of({"a", "a", "a", "a", "a", "a"}, 3);
  struct Row {
    const char* what;
    const EventLog& events;
    EventQuery query;
    const char* found;
  };
  const std::vector<Row> rows{
      {"from now on", log, {}, ""},
      {"the latest two", log, {{}, 2, {}, true}, "5 6"},
      {"the latest two of a unit, the container's count", log, {{"a"}, 2, {}, true}, "5 6"},
      {"the latest three of a unit", log, {{"b"}, 3, {}, true}, "2 4 5"},
      {"more than there are", log, {{"b"}, 30, {}, true}, "2 4 5"},
      {"after one", log, {{}, 0, 4, true}, "5 6"},
      {"after one that was forgotten", full, {{}, 0, 1, true}, "4 5 6"},
      {"after the last", log, {{}, 0, 6, true}, ""},
      {"after one of an earlier life", log, {{}, 0, 99, true}, "1 2 3 4 5 6"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(sequences(row.events, row.query) == row.found);
  }
  CHECK(full.forgotten() == 3);
}

TEST_CASE("an event as JSON leaves out what is empty, and as text is one event of a stream") {
  EventLog log;
  log.add({0, 0, "state", "service.web", "running", "ready", ""}, 7);
  log.add({0, 0, "stopping", "", "", "", "a\nb"}, 8);
  std::string text;
  log.each(0, [&](const EventRecord& event) { text += event_text(event); });
  CHECK(text ==
        "id: 1\nevent: state\ndata: {\"sequence\":1,\"time_us\":7,\"type\":\"state\","
        "\"unit\":\"service.web\",\"from\":\"running\",\"to\":\"ready\"}\n\n"
        "id: 2\nevent: stopping\ndata: {\"sequence\":2,\"time_us\":8,\"type\":\"stopping\","
        "\"why\":\"a\\nb\"}\n\n");
}

TEST_CASE("the core tells every change of state, of health, and of the whole") {
  test::PlanBuilder made;
  made.service("web").health = CheckPlan{};
  made.plan().units[0].health->failures = 1;
  test::Bench bench(made.plan());
  std::string told;
  const auto send = [&](const Event& event) {
    for (const Action& action : step(bench.plan, bench.state, event, bench.now)) {
      if (const auto* order = std::get_if<Spawn>(&action)) bench.runs[order->unit] = order->run;
      const auto* happened = std::get_if<Happened>(&action);
      if (happened == nullptr) continue;
      const auto event_told = event_record(*happened, bench.plan);
      told += event_told.type +
              (event_told.to.empty() ? "" : " " + event_told.from + "-" + event_told.to) + "; ";
    }
  };
  const UnitIndex web{0};
  send(Booted{});
  send(Spawned{web, bench.run("web"), Pid{7}});
  send(ExecSucceeded{web, bench.run("web")});
  CHECK(told == "state idle-waiting; state waiting-starting; state starting-ready; boot-done; ");
  told.clear();
  bench.now += Millis{60'000};
  send(Tick{});
  send(CheckFinished{web, bench.run("web"), CheckKind::Health, false, "no answer"});
  bench.now += Millis{60'000};
  send(Tick{});
  send(CheckFinished{web, bench.run("web"), CheckKind::Health, true, ""});
  CHECK(told == "unhealthy; healthy; ");
  told.clear();
  send(SignalReceived{Signal{15}});
  CHECK(told.starts_with("stopping; state ready-stopping"));
}

}  // namespace bootsman
