#include "shell/unit_usage.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace bootsman {

namespace {

ProcessInfo process(int pid, int parent, int session, std::uint64_t pages = 1) {
  ProcessInfo info;
  info.pid = Pid{pid};
  info.parent = Pid{parent};
  info.session = Pid{session};
  info.cpu_ticks = 50;
  info.rss_pages = pages;
  return info;
}

}  // namespace

TEST_CASE("a unit's memory and time are those of its session and of all that descend from it") {
  const std::vector<ProcessInfo> processes{
      process(1, 0, 1),        // the init
      process(10, 1, 10, 5),   // a unit
      process(11, 10, 10, 7),  // its child
      process(12, 11, 12),     // that one's child, in a session of its own
      process(13, 1, 10),      // its child that was orphaned
      process(20, 1, 20),      // another unit
      process(30, 1, 30),      // nobody's
      process(41, 40, 41),     // its parent is gone
  };
  const auto usage = usage_of({Pid{10}, Pid{0}, Pid{20}, Pid{99}}, processes, {1000, 100});
  REQUIRE(usage.size() == 4);
  CHECK(usage[0].processes == 4);
  CHECK(usage[0].memory == 14'000);
  CHECK(usage[0].cpu == Micros{2'000'000});
  CHECK(usage[1].processes == 0);
  CHECK(usage[2].processes == 1);
  CHECK(usage[3].memory == 0);
}

TEST_CASE("a ring of parents ends") {
  const std::vector<ProcessInfo> processes{process(5, 6, 5), process(6, 5, 6)};
  CHECK(usage_of({Pid{7}}, processes, {})[0].processes == 0);
}

TEST_CASE("this very process uses memory") {
  const auto usage = usage_of({Pid{::getpid()}}, walk_processes(), UsageScale::of_this_machine());
  CHECK(usage[0].processes >= 1);
  CHECK(usage[0].memory > 100'000);
}

}  // namespace bootsman
