#include "shell/memory_watch.h"

#include <doctest/doctest.h>

#include <fstream>

#include "shell/oom_watch.h"
#include "shell_unit/helper/folder.h"

using namespace bootsman;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

/// A control group of version 2 whose files the test writes.
struct Group {
  test::Folder folder;
  MemoryCgroup place{folder.path, true};

  void write(const char* file, const std::string& text) const {
    std::ofstream(folder.path + "/" + file) << text;
  }
  void set(std::uint64_t usage, std::uint64_t cache, const std::string& limit = "100000000") const {
    write("memory.max", limit + "\n");
    write("memory.current", std::to_string(usage) + "\n");
    write("memory.stat", "anon 1\ninactive_file " + std::to_string(cache) + "\n");
  }
  void touch(int kills = 0) const {
    write("memory.events", "low 0\nmax 7\noom_kill " + std::to_string(kills) + "\n");
  }
};

}  // namespace

TEST_CASE("memory is short where less than a twentieth is left beside the cache") {
  struct Row {
    const char* name;
    std::uint64_t usage;
    const char* stat;
    bool is_short;
    std::uint64_t used;
  };
  const Row rows[] = {
      {"half", 50'000, "anon 5\n", false, 50'000},
      {"just below", 94'999, "", false, 94'999},
      {"just there", 95'000, "", true, 95'000},
      {"all", 100'000, "", true, 100'000},
      {"full of cache", 100'000, "anon 9\ninactive_file 30000\nactive_file 1\n", false, 70'000},
      {"version 1 counts the groups below", 100'000, "inactive_file 1\ntotal_inactive_file 20000\n",
       false, 80'000},
      {"more cache than use, between two readings", 10, "inactive_file 20\n", false, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::uint64_t used = 0;
    CHECK(memory_is_short(row.usage, 100'000, row.stat, used) == row.is_short);
    CHECK(used == row.used);
  }
}

TEST_CASE("who ends with a lack of memory is what memory.oom.group says: 1 all, 0 one process") {
  struct Row {
    const char* name;
    const char* text;
    bool all_end;
  };
  const Row rows[] = {
      {"1", "1\n", true}, {"0", "0\n", false}, {"an old kernel without it", "", false}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    uv_loop_t loop;
    REQUIRE(uv_loop_init(&loop) == 0);
    {
      Group group;
      group.set(99'000'000, 0);
      group.touch();
      if (row.text[0] != '\0') group.write("memory.oom.group", row.text);
      std::vector<MemoryShortage> told;
      MemoryWatch watch(&loop, group.place,
                        [&](const MemoryShortage& shortage) { told.push_back(shortage); });
      group.touch();
      uv_run(&loop, UV_RUN_NOWAIT);
      REQUIRE(told.size() == 1);
      CHECK(told[0].all_end == row.all_end);
      CHECK((told[0].text().find("memory.oom.group") != std::string::npos) == row.all_end);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
  }
}

TEST_CASE("a shortage of version 2 is told when its counters move, and not before") {
  uv_loop_t loop;
  REQUIRE(uv_loop_init(&loop) == 0);
  {
    Group group;
    group.set(99'000'000, 0);
    group.touch();
    group.write("memory.oom.group", "1\n");
    std::vector<MemoryShortage> told;
    MemoryWatch watch(&loop, group.place,
                      [&](const MemoryShortage& shortage) { told.push_back(shortage); });
    REQUIRE(watch.active());
    uv_run(&loop, UV_RUN_NOWAIT);
    CHECK(told.empty());
    CHECK_FALSE(watch.next_deadline());

    group.touch();
    uv_run(&loop, UV_RUN_NOWAIT);
    REQUIRE(told.size() == 1);
    CHECK(told[0].used == 99'000'000);
    CHECK(told[0].limit == 100'000'000);
    CHECK(told[0].all_end);
    CHECK(told[0].text().ends_with("so a lack of memory ends the whole container"));

    // Once more, too soon: put off, and looked at then. Where the machine was slower than that it
    // has looked at once, and the next time is too soon.
    group.set(99'000'000, 50'000'000);
    for (int i = 0; i < 100 && !watch.next_deadline(); ++i) {
      group.touch();
      uv_run(&loop, UV_RUN_NOWAIT);
    }
    CHECK(told.size() == 1);
    const auto next = watch.next_deadline();
    REQUIRE(next);
    watch.tick(*next - Millis{1});
    CHECK(watch.next_deadline());
    watch.tick(*next);
    CHECK_FALSE(watch.next_deadline());
    CHECK(told.size() == 1);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop) == 0);
}

TEST_CASE("what is seen while the kernel kills is not told: the largest is gone already") {
  uv_loop_t loop;
  REQUIRE(uv_loop_init(&loop) == 0);
  {
    Group group;
    group.set(99'000'000, 0);
    group.touch(3);
    int told = 0;
    MemoryWatch watch(&loop, group.place, [&](const MemoryShortage&) { ++told; });
    group.touch(4);
    uv_run(&loop, UV_RUN_NOWAIT);
    CHECK(told == 0);
    // Memory runs short again, and nobody has been killed this time.
    for (int i = 0; i < 100 && told == 0; ++i) {
      group.touch(4);
      uv_run(&loop, UV_RUN_NOWAIT);
      if (const auto next = watch.next_deadline()) watch.tick(*next);
    }
    CHECK(told == 1);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop) == 0);
}

TEST_CASE("without a limit, a group or the right files the watch sleeps for ever") {
  uv_loop_t loop;
  REQUIRE(uv_loop_init(&loop) == 0);
  {
    Group group;
    group.set(1, 0, "max");
    group.touch();
    const auto none = [](const MemoryShortage&) {};
    CHECK_FALSE(MemoryWatch(&loop, group.place, none).active());
    CHECK_FALSE(MemoryWatch(&loop, std::nullopt, none).active());
    // Version 1, mounted read-only, say: no thresholds can be set.
    group.write("memory.limit_in_bytes", "1000000\n");
    group.write("memory.usage_in_bytes", "1000\n");
    CHECK_FALSE(MemoryWatch(&loop, MemoryCgroup{group.folder.path, false}, none).active());
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop) == 0);
}

TEST_CASE("what was seen in a shortage names the largest process of a death") {
  MemoryShortage shortage;
  shortage.largest = {{Pid{812}, Pid{40}, "python", 60 * kMiB, 59 * kMiB},
                      {Pid{41}, Pid{41}, "model", 30 * kMiB, 30 * kMiB}};
  Group group;
  group.set(1, 0, "67108864");
  struct Row {
    const char* name;
    Pid pid;
    ExitStatus how;
    const char* note;
  };
  const Row rows[] = {
      {"below", Pid{40}, ExitStatus::signaled(9),
       "probably out of memory (limit 64 MiB; the largest process below, python, PID 812, peaked "
       "at "
       "60 MiB)"},
      {"itself", Pid{41}, ExitStatus::signaled(9),
       "probably out of memory (limit 64 MiB; the largest process, model, PID 41, peaked at 50 "
       "MiB)"},
      {"below a shell that tells of it", Pid{40}, ExitStatus::exited(137),
       "a process below it was probably killed for lack of memory (limit 64 MiB; the largest "
       "process "
       "below, python, PID 812, peaked at 60 MiB)"},
      {"of which nothing was seen", Pid{50}, ExitStatus::signaled(9),
       "probably out of memory (limit 64 MiB; it had taken up to 50 MiB)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    group.write("memory.events", "oom_kill 0\n");
    OomWatch watch(group.place);
    group.write("memory.events", "oom_kill 1\n");
    Death death;
    death.pid = row.pid;
    death.how = row.how;
    death.max_rss = 50 * kMiB;
    std::vector<Death> deaths{death};
    watch.attribute(deaths, shortage);
    CHECK(deaths[0].note == row.note);
  }
}
