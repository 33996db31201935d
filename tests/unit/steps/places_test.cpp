#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

void with_zones(BootWorld& world) {
  world.folder_("/usr/share/zoneinfo");
  world.file("/usr/share/zoneinfo/Asia/Shanghai", "CST");
  world.file("/usr/share/zoneinfo/America/New_York", "EST");
  world.file("/usr/share/zoneinfo/Etc/UTC", "UTC");
}

}  // namespace

TEST_CASE("the time zone is the one asked for, else TZ, else the image's, else Shanghai") {
  struct Row {
    std::string name;
    const char* setting;
    const char* tz;
    const char* link;
    const char* want;
  };
  const std::string folder = "/usr/share/zoneinfo/";
  const Row rows[] = {
      {"nothing said", "", nullptr, nullptr, "Asia/Shanghai"},
      {"a base image's UTC is no choice", "", nullptr, "/usr/share/zoneinfo/Etc/UTC",
       "Asia/Shanghai"},
      {"TZ", "", "America/New_York", nullptr, "America/New_York"},
      {"TZ with its colon", "", ":America/New_York", nullptr, "America/New_York"},
      {"the image's own link", "", nullptr, "/usr/share/zoneinfo/America/New_York",
       "America/New_York"},
      {"TZ before the image's link", "", "Asia/Shanghai", "/usr/share/zoneinfo/America/New_York",
       "Asia/Shanghai"},
      {"the setting before all", "America/New_York", "Asia/Shanghai", nullptr, "America/New_York"},
      {"the old Dockerfile linked the folder, since TZ was set only after", "", nullptr,
       "/usr/share/zoneinfo/", "Asia/Shanghai"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    with_zones(world);
    if (row.tz != nullptr) world.facts.env["TZ"] = row.tz;
    if (row.link != nullptr) world.link("/etc/localtime", row.link);
    const Value with = settings({{"zone", row.setting}});
    world.start("timezone", with);
    CHECK(world.look("/etc/localtime").link == folder + row.want);
    CHECK(world.text("/etc/timezone") == std::string(row.want) + "\n");
    check_idempotent(world, "timezone", with);
  }
}

TEST_CASE("a time zone that can't be had is skipped with the reason") {
  struct Row {
    const char* tz;
    const char* reason;
  };
  const Row rows[] = {
      {"Europe/Atlantis", "/usr/share/zoneinfo/Europe/Atlantis does not exist"},
      {"../../etc/passwd", "is no name of a time zone"},
      {"CST-8<x>", "is no name of a time zone"},
  };
  for (const Row& row : rows) {
    BootWorld world;
    with_zones(world);
    world.facts.env["TZ"] = row.tz;
    const StepWork work = world.start("timezone");
    CHECK(work.skipped.find(row.reason) != std::string::npos);
    CHECK(!world.entries.contains("/etc/localtime"));
  }
}

TEST_CASE("a copy or a mounted file of the same zone stays") {
  BootWorld world;
  with_zones(world);
  world.file("/etc/localtime", "CST");
  world.start("timezone");
  CHECK(world.look("/etc/localtime").kind == PathFact::Kind::File);
}

TEST_CASE("the locale is written beside what /etc/default/locale holds already") {
  struct Row {
    std::string name;
    const char* before;
    const char* lang_env;
    const char* after;
  };
  const Row rows[] = {
      {"no file", nullptr, nullptr, "LANG=zh_CN.UTF-8\n"},
      {"LANG of the container", nullptr, "en_US.UTF-8", "LANG=en_US.UTF-8\n"},
      {"the image's choice", "LANG=ja_JP.UTF-8\n", nullptr, "LANG=ja_JP.UTF-8\n"},
      {"its quotes and comments stay", "# x\nLANG=\"ja_JP.UTF-8\"\n", nullptr,
       "# x\nLANG=\"ja_JP.UTF-8\"\n"},
      {"other categories stay", "LC_TIME=C\nLANG=C\nLANG=C\n", "zh_CN.UTF-8",
       "LC_TIME=C\nLANG=zh_CN.UTF-8\n"},
      {"a last line without its end", "LC_TIME=C", "zh_CN.UTF-8", "LC_TIME=C\nLANG=zh_CN.UTF-8\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    if (row.before != nullptr) world.file("/etc/default/locale", row.before);
    if (row.lang_env != nullptr) world.facts.env["LANG"] = row.lang_env;
    const StepWork work = world.start("locale");
    CHECK(world.text("/etc/default/locale") == row.after);
    CHECK(work.env.empty() == (row.lang_env != nullptr));
    check_idempotent(world, "locale");
  }
}

TEST_CASE("where a distribution reads /etc/locale.conf that says the same") {
  constexpr const char* kConf = "/etc/locale.conf";
  struct Row {
    std::string name;
    const char* before;
    const char* lang_env;
    const char* after;
  };
  const Row rows[] = {
      {"no such file: none is made", nullptr, "zh_CN.UTF-8", "(missing)"},
      {"the image's choice counts", "LANG=\"de_DE.UTF-8\"\n", nullptr, "LANG=\"de_DE.UTF-8\"\n"},
      {"LANG of the container wins", "LANG=\"en_US.UTF-8\"\nLC_TIME=C\n", "zh_CN.UTF-8",
       "LANG=zh_CN.UTF-8\nLC_TIME=C\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    if (row.before != nullptr) world.file(kConf, row.before);
    if (row.lang_env != nullptr) world.facts.env["LANG"] = row.lang_env;
    world.start("locale");
    CHECK(world.text(kConf) == row.after);
    check_idempotent(world, "locale");
  }
}

TEST_CASE("a locale is built where its source is there, else its absence is said") {
  for (const bool source : {true, false}) {
    BootWorld world;
    std::string known = "C\nC.UTF-8\nPOSIX\n";
    world.program("/usr/bin/locale",
                  [&](BootWorld&, const CommandLine&) { return printed(known); });
    world.program("/usr/bin/localedef", [&](BootWorld&, const CommandLine&) {
      known += "zh_CN.utf8\n";
      return printed("");
    });
    if (source) world.file("/usr/share/i18n/locales/zh_CN", "");
    const StepWork work = world.start("locale");
    const auto built =
        std::ranges::find(world.ran, "/usr/bin/localedef -i zh_CN -f UTF-8 zh_CN.UTF-8");
    CHECK((built != world.ran.end()) == source);
    CHECK(work.warnings.empty() == source);
    world.ran.clear();
    world.start("locale");
    CHECK(world.ran == std::vector<std::string>{"/usr/bin/locale -a"});
  }
}

TEST_CASE("folders are created, what is there already is left") {
  BootWorld world;
  world.start("directories");
  CHECK(world.look("/root/tensorboard-logs").kind == PathFact::Kind::Directory);
  check_idempotent(world, "directories");

  world.file("/data", "");
  const auto in_the_way = world.plan("directories", settings({{"paths", Value::Array{"/data"}}}));
  REQUIRE(!in_the_way);
  CHECK(in_the_way.error().message() == "cannot create the folder /data: a file is in its place");
  CHECK(!world.plan("directories", settings({{"paths", Value::Array{"data"}}})));
  CHECK(!world.plan("directories", settings({{"mode", "8"}})));
}
