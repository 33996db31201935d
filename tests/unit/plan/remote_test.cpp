#include "plan/remote.h"

#include <doctest/doctest.h>

#include "lib/configs.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

const std::string kHash(64, 'A');

Planned plan_remote_step(const std::string& settings) {
  return plan_text("extends = \"empty\"\n[step.remote]\n" + settings);
}

}  // namespace

TEST_CASE("what a remote step can't fetch, or may not, is an error of the configuration") {
  struct Row {
    const char* name;
    std::string settings;
    const char* complaint;
  };
  const Row rows[] = {
      {"nothing is fetched", "", ""},
      {"an overlay with its hash", "overlay = \"https://h/o\"\noverlay_sha256 = \"" + kHash + "\"",
       ""},
      {"an overlay without a hash by name", "overlay = \"https://h/o\"\nallow_unverified = true",
       ""},
      {"http by name", "script = \"http://h/s\"\nallow_unverified = true\ninsecure = true", ""},
      {"a hash is required", "overlay = \"https://h/o\"",
       "a.toml:3:11: error: step.remote.overlay: needs overlay_sha256, what `sha256sum` prints of "
       "the file, or allow_unverified = true\n"},
      {"the other file's hash does not count",
       "script = \"https://h/s\"\noverlay_sha256 = \"" + kHash + "\"",
       "a.toml:3:10: error: step.remote.script: needs script_sha256, what `sha256sum` prints of "
       "the file, or allow_unverified = true\n"},
      {"half a hash", "overlay = \"https://h/o\"\noverlay_sha256 = \"abc\"",
       "a.toml:4:18: error: step.remote.overlay_sha256: must be 64 hexadecimal digits, as "
       "`sha256sum` prints them\n"},
      {"http", "overlay = \"http://h/o\"\nallow_unverified = true",
       "a.toml:3:11: error: step.remote.overlay: must be an https URL; insecure = true allows "
       "http\n"},
      {"another scheme", "overlay = \"file:///etc/o\"\nallow_unverified = true\ninsecure = true",
       "a.toml:3:11: error: step.remote.overlay: must be an URL: https://HOST/PATH\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(lines(plan_remote_step(row.settings).complaints) == row.complaint);
  }
}

TEST_CASE("an overlay is wanted by an enabled step that names one") {
  const std::string overlay =
      "overlay = \"https://h/o\"\noverlay_sha256 = \"" + kHash + "\"\ntimeout = \"3s\"\n";
  const auto source = wanted_overlay(plan_remote_step(overlay).plan);
  REQUIRE(source);
  CHECK(source->url == "https://h/o");
  CHECK(source->sha256 == std::string(64, 'a'));
  CHECK(source->timeout == Millis(3000));
  CHECK_FALSE(wanted_overlay(plan_remote_step(overlay + "enabled = false\n").plan));
  CHECK_FALSE(wanted_overlay(plan_remote_step(overlay + "if_env = \"NOT_SET\"\n").plan));
  CHECK_FALSE(wanted_overlay(plan_remote_step("").plan));
  CHECK_FALSE(wanted_overlay(plan_texts({}).plan));
}

TEST_CASE("the step is told what came of the overlay") {
  Plan plan = plan_remote_step("overlay = \"https://h/o\"\nallow_unverified = true\n").plan;
  set_overlay_outcome(plan, {"cannot fetch it", "away"});
  const Value* told = plan.units[0].builtin->settings.find("overlay_outcome");
  REQUIRE(told != nullptr);
  CHECK(told->get_string("problem") == "cannot fetch it");
  CHECK(told->get_string("stale") == "away");
}
