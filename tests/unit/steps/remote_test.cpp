#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

Value outcome(const char* problem, const char* stale) {
  Value told;
  told.set("problem", problem);
  told.set("stale", stale);
  return told;
}

}  // namespace

TEST_CASE("without an overlay or a script there is nothing to do") {
  CHECK(BootWorld().start("remote").skipped == "neither overlay nor script is set");
}

TEST_CASE("a script is fetched into the state folder and then run") {
  BootWorld world;
  const auto work =
      world.plan("remote", settings({{"script", "https://h/s"}, {"script_sha256", "AB"}}));
  REQUIRE(work);
  REQUIRE(work->changes.size() == 3);
  const auto& fetch = std::get<FetchFile>(work->changes[1]);
  CHECK(fetch.path == "/var/lib/bootsman/remote/script");
  CHECK(fetch.from.sha256 == "ab");
  CHECK(fetch.mode == 0700);
  const auto& run = std::get<RunCommand>(work->changes[2]);
  CHECK(run.command.argv == std::vector<std::string>{fetch.path});
  CHECK(run.command.timeout == Millis(120'000));
  CHECK(work->warnings.empty());
}

TEST_CASE("what came of the overlay is what the step says") {
  struct Row {
    const char* name;
    Value outcome;
    const char* failure;
    const char* warning;
  };
  const Row rows[] = {
      {"it is in use", outcome("", ""), "", ""},
      {"it can't be used", outcome("cannot use it", ""), "FAILED cannot use it", ""},
      {"an old one is in use", outcome("", "away"), "",
       "the overlay is that of an earlier start: away"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const StepWork work = BootWorld().start(
        "remote", settings({{"overlay", "https://h/o"}, {"overlay_outcome", row.outcome}}));
    CHECK(work.skipped == row.failure);
    CHECK((work.warnings.empty() ? "" : work.warnings[0]) == row.warning);
    CHECK(work.changes.empty());
  }
}

TEST_CASE("insecure is warned of") {
  const StepWork work =
      BootWorld().start("remote", settings({{"overlay", "https://h/o"}, {"insecure", true}}));
  REQUIRE(work.warnings.size() == 1);
  CHECK(work.warnings[0].starts_with("insecure = true: the server is not checked"));
}
