#include <doctest/doctest.h>

#include "lib/configs.h"
#include "lib/plan_text.h"

using namespace bootsman;
using namespace bootsman::tests;

TEST_CASE("a stop is a signal, or a row of them with the waits between") {
  struct Row {
    const char* name;
    std::string stop;
    const char* result;  // The plan's line, or the complaint.
  };
  const Row rows[] = {
      {"nothing said", "", "SIGTERM 10s 1"},
      {"one signal", "signal = \"INT\"", "SIGINT 10s 1"},
      {"a list of one", "signal = [\"SIGINT\"]", "SIGINT 10s 1"},
      {"three", "signal = [\"INT 5s\", \"USR1  250ms\", \"9\"]",
       "SIGINT, 5s, SIGUSR1, 250ms, SIGKILL 10s 1"},
      {"with a command", "command = [\"x\", \"-q\"]", "SIGTERM 10s 1\n  stop command: x -q"},
      {"none", "signal = []", "must name a signal"},
      {"no such signal", "signal = [\"SIGHOP 5s\", \"TERM\"]",
       "cannot read the signal \"SIGHOP\": did you mean \"SIGHUP\"?"},
      {"one that ends nothing", "signal = [\"INT 5s\", \"STOP\"]",
       "SIGSTOP suspends a process and does not end it: name another, such as SIGTERM"},
      {"no such duration", "signal = [\"INT 5\", \"TERM\"]",
       "cannot read the duration \"5\": the unit is missing"},
      {"a wait is missing", "signal = [\"INT\", \"TERM\"]",
       "must say how long to wait until the next signal, for instance \"SIGINT 5s\""},
      {"a wait too many", "signal = [\"INT 5s\"]",
       "says how long to wait behind the last signal: that is stop.timeout"},
      {"no time left", "timeout = \"5s\", signal = [\"INT 5s\", \"TERM\"]",
       "waits for 5s in all, but there are only 5s until SIGKILL: raise stop.timeout"},
      {"no time left beside a command", "command = [\"x\"], signal = [\"INT 6s\", \"TERM\"]",
       "waits for 6s in all, but there are only 5s until SIGKILL: raise stop.timeout"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Planned planned = plan_text(
        "extends = \"empty\"\n[service.a]\ncommand = [\"a\"]\nstop = { " + row.stop + " }\n");
    std::string result = lines(planned.complaints);
    if (result.empty()) result = policy_text(planned.plan.units.at(0));
    CAPTURE(result);
    CHECK(result.find(row.result) != std::string::npos);
  }
}
