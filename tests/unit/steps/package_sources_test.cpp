#include "lib/golden.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

TEST_CASE("package sources are written once, in the same bytes") {
  struct Row {
    std::string name;
    const char* type;
    Value with;
    const char* file;
    const char* golden;
  };
  const Row rows[] = {
      {"pip by https", "pip", {}, "/etc/pip.conf", "pip.conf"},
      {"pip by http, for a network that has nothing else", "pip", settings({{"insecure", true}}),
       "/etc/pip.conf", "pip_insecure.conf"},
      {"conda", "conda", {}, "/root/.condarc", "condarc"},
      {"uv", "uv", {}, "/etc/uv/uv.toml", "uv.toml"},
      {"uv, for a host that nobody certifies", "uv", settings({{"insecure", true}}),
       "/etc/uv/uv.toml", "uv_insecure.toml"},
      {"npm", "npm", {}, "/root/.npmrc", "npmrc"},
      {"npm, for a host that nobody certifies", "npm", settings({{"insecure", true}}),
       "/root/.npmrc", "npmrc_insecure"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    world.start(row.type, row.with);
    const std::string text = world.text(row.file);
    CHECK(text == golden(std::string("unit/steps/golden/") + row.golden, text));
    check_idempotent(world, row.type, row.with);
  }
}

TEST_CASE("a package source that is someone's own is kept") {
  const std::string seeds_pip =
      "\n[global]\ntrusted-host = mirrors.aliyun.com\n"
      "index-url = http://mirrors.aliyun.com/pypi/simple\n        ";
  struct Row {
    std::string name;
    const char* type;
    std::string before;
    bool kept;
  };
  const Row rows[] = {
      {"an author's index", "pip", "[global]\nindex-url = https://pip.example/simple\n", true},
      {"what the old init script wrote is replaced", "pip", seeds_pip, false},
      {"blanks are nobody's", "pip", " \n\n", false},
      {"a file of ours that a kill left without a record", "pip",
       "# Written by bootsman (step pip). What you change here is kept.\n[global]\nold = 1\n",
       false},
      {"an author's channels", "conda", "channels: [conda-forge]\n", true},
      {"a user's token for a registry", "npm", "//npm.example/:_authToken=x\n", true},
      {"an author's index of uv", "uv", "index-url = \"https://pip.example\"\n", true},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    const std::string file = with_step_defaults(row.type, {}).get_string("file");
    world.folder_("/etc/uv").file(file, row.before);
    const StepWork work = world.start(row.type);
    CHECK((world.text(file) == row.before) == row.kept);
    CHECK(work.notes.empty() != row.kept);
    check_idempotent(world, row.type);
    const Value anyway = settings({{"overwrite", true}});
    world.start(row.type, anyway);
    CHECK(world.text(file) != row.before);
    check_idempotent(world, row.type, anyway);
  }
}

TEST_CASE("what a user changed in a file of ours is kept") {
  BootWorld world;
  world.start("pip");
  world.entries["/etc/pip.conf"].text += "timeout = 60\n";
  const std::string changed = world.text("/etc/pip.conf");
  world.start("pip");
  world.start("pip");
  CHECK(world.text("/etc/pip.conf") == changed);
}

TEST_CASE("an index or channel with a line break is refused") {
  BootWorld world;
  CHECK(!world.plan("pip", settings({{"index_url", "https://a\nb"}})));
  CHECK(!world.plan("conda", settings({{"channels", Value::Array{"a\nb"}}})));
  CHECK(!world.plan("npm", settings({{"registry", "https://a\nb"}})));
  CHECK(!world.plan("uv", settings({{"index_url", "https://a\"b"}})));
}
