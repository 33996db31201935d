#include "shell/oom_watch.h"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>

#include "shell_unit/helper/folder.h"

using namespace bootsman;

namespace {

Death ended(ExitStatus how, std::uint64_t max_rss, bool killed_by_us = false) {
  Death death;
  death.how = how;
  death.max_rss = max_rss;
  death.killed_by_us = killed_by_us;
  return death;
}

const ExitStatus kKilled = ExitStatus::signaled(SIGKILL);
constexpr std::uint64_t kMiB = 1024 * 1024;

/// A control group whose files the test writes.
struct Group {
  test::Folder folder;
  MemoryCgroup place;

  explicit Group(bool v2) : place{folder.path, v2} { set(4, "67108864\n"); }
  void set(int kills, const std::string& limit) const {
    std::ofstream(place.events_file()) << "low 0\noom_kill " << kills << '\n';
    std::ofstream(place.limit_file()) << limit;
  }
};

}  // namespace

TEST_CASE("a death is laid to the lack of memory no further than is known") {
  struct Row {
    const char* name;
    int rise;
    std::vector<Death> deaths;
    std::vector<const char*> notes;
    const char* said;
  };
  const char* kVictim = "probably out of memory (limit 64 MiB; it had taken up to 60 MiB)";
  const char* kBelow = "a process below it was probably killed for lack of memory (limit 64 MiB)";
  const std::vector<Row> rows = {
      {"killed while the counter rose", 1, {ended(kKilled, 60 * kMiB)}, {kVictim}, ""},
      {"killed by hand", 0, {ended(kKilled, 60 * kMiB)}, {""}, ""},
      {"killed by us while something else ran out",
       1,
       {ended(kKilled, 60 * kMiB, true)},
       {""},
       "the kernel has killed 1 process of the container for lack of memory, none of them a unit's "
       "own so far (limit 64 MiB)"},
      {"an end of another kind",
       2,
       {ended(ExitStatus::exited(1), kMiB)},
       {""},
       "the kernel has killed 2 processes of the container for lack of memory, none of them a "
       "unit's own so far (limit 64 MiB)"},
      {"a shell whose program was killed", 1, {ended(ExitStatus::exited(137), kMiB)}, {kBelow}, ""},
      {"a shell that ends with 137 for a reason of its own",
       0,
       {ended(ExitStatus::exited(137), kMiB)},
       {""},
       ""},
      {"of two killed at once the larger one",
       1,
       {ended(kKilled, kMiB), ended(kKilled, 60 * kMiB)},
       {"", kVictim},
       ""},
      {"no death", 1, {}, {}, ""},
  };
  for (const bool v2 : {false, true}) {
    for (const Row& row : rows) {
      CAPTURE(row.name);
      Group group(v2);
      OomWatch watch(group.place);
      group.set(4 + row.rise, "67108864\n");
      std::vector<Death> deaths = row.deaths;
      CHECK(watch.attribute(deaths) == row.said);
      for (std::size_t i = 0; i < deaths.size(); ++i) {
        CHECK(deaths[i].note == row.notes[i]);
        CHECK(deaths[i].out_of_memory == !deaths[i].note.empty());
      }
    }
  }
}

TEST_CASE("a rise counts once") {
  Group group(true);
  OomWatch watch(group.place);
  group.set(5, "max\n");
  std::vector<Death> first{ended(kKilled, kMiB)};
  watch.attribute(first);
  CHECK(first[0].note ==
        "probably out of memory (the container has no limit of its own; it had taken up to 1 MiB)");
  std::vector<Death> second{ended(kKilled, kMiB)};
  watch.attribute(second);
  CHECK(second[0].note.empty());
}

TEST_CASE("a kill is laid to its victim also when another process died first, but not much later") {
  const MonoTime begin = mono_now();
  for (const bool late : {false, true}) {
    CAPTURE(late);
    Group group(true);
    OomWatch watch(group.place);
    group.set(5, "67108864\n");
    std::vector<Death> other{ended(ExitStatus::exited(0), kMiB)};
    CHECK(watch.attribute(other, {}, begin).starts_with("the kernel has killed 1 process "));
    std::vector<Death> victim{ended(kKilled, 60 * kMiB)};
    CHECK(watch.attribute(victim, {}, begin + Millis{late ? 6'000 : 4'000}) == "");
    CHECK(victim[0].out_of_memory == !late);
    std::vector<Death> later{ended(kKilled, 60 * kMiB)};
    CHECK(watch.attribute(later, {}, begin + Millis{4'500}) == "");
    CHECK(!later[0].out_of_memory);
  }
}

TEST_CASE("without a control group nothing is claimed") {
  for (const auto& group :
       {std::optional<MemoryCgroup>{}, std::optional(MemoryCgroup{"/none", true})}) {
    OomWatch watch(group);
    std::vector<Death> deaths{ended(kKilled, kMiB)};
    CHECK(watch.attribute(deaths).empty());
    CHECK(deaths[0].note.empty());
  }
}
