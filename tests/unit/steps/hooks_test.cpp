#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

TEST_CASE("hooks are run in the order of their names, with their limit and their output shown") {
  BootWorld world;
  const std::string folder = "/etc/bootsman/boot.d";
  world.folder_(folder);
  for (const char* name : {"20-second", "10-first.sh", "30-third"})
    world.program(folder + "/" + name);
  const Value with = settings({{"time_limit", "3s"}});
  const auto work = world.plan("hooks", with);
  REQUIRE(work);
  REQUIRE(work->changes.size() == 3);
  for (const Change& change : work->changes) {
    const auto& run = std::get<RunCommand>(change);
    CHECK(run.command.timeout == Millis(3000));
    CHECK(run.command.to_log);
    CHECK(run.go_on);
  }
  world.start("hooks", with);
  CHECK(world.ran == std::vector<std::string>{folder + "/10-first.sh", folder + "/20-second",
                                              folder + "/30-third"});
}

TEST_CASE("what is no hook is passed over") {
  struct Row {
    std::string name;
    const char* file;
    std::uint32_t mode;
    bool run;
    bool warning;
  };
  const Row rows[] = {
      {"a program", "10-x", 0755, true, false},
      {"a program of the owner alone", "10-x", 0700, true, false},
      {"not executable", "10-x", 0644, false, false},
      {"hidden", ".10-x.swp", 0755, false, false},
      {"an editor's copy", "10-x~", 0755, false, false},
      {"a package manager's copy", "10-x.dpkg-old", 0755, false, false},
      {"writable by everybody", "10-x", 0777, false, true},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    world.folder_("/etc/bootsman/boot.d");
    world.file(std::string("/etc/bootsman/boot.d/") + row.file, "", row.mode);
    world.folder_("/etc/bootsman/boot.d/folder");
    const auto work = world.plan("hooks");
    REQUIRE(work);
    CHECK(work->changes.size() == (row.run ? 1 : 0));
    // Where nothing is left to do the reason is that there is no program.
    CHECK(work->skipped.empty() == (row.run || row.warning));
    CHECK(work->warnings.empty() != row.warning);
  }
}

TEST_CASE("no folder, no hooks") {
  BootWorld world;
  CHECK(world.start("hooks").skipped == "/etc/bootsman/boot.d does not exist");
  CHECK(!world.plan("hooks", settings({{"time_limit", "5"}})));
}
