#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

std::map<std::string, std::string> imported(const StepWork& work) {
  std::map<std::string, std::string> env;
  for (const EnvVar& var : work.env) env[var.name] = var.value;
  return env;
}

}  // namespace

TEST_CASE("a proxy of the container reaches programs that know only the other spelling") {
  using Env = std::map<std::string, std::string>;
  const std::string own = "localhost,127.0.0.1,::1";
  struct Row {
    std::string name;
    Env env;
    Value with;
    Env imported;
  };
  const Row rows[] = {
      {"small letters",
       {{"http_proxy", "http://p:3128"}},
       {},
       {{"HTTP_PROXY", "http://p:3128"}, {"no_proxy", own}, {"NO_PROXY", own}}},
      {"capitals, and own exceptions",
       {{"HTTPS_PROXY", "http://p:3128"}, {"NO_PROXY", "10.0.0.0/8, localhost"}},
       {},
       {{"https_proxy", "http://p:3128"},
        {"no_proxy", "10.0.0.0/8, localhost,127.0.0.1,::1"},
        {"NO_PROXY", "10.0.0.0/8, localhost,127.0.0.1,::1"}}},
      {"both, and different, are left alone",
       {{"http_proxy", "a"}, {"HTTP_PROXY", "b"}, {"no_proxy", own}, {"NO_PROXY", own}},
       {},
       {}},
      {"a setting wins",
       {{"http_proxy", "a"}, {"no_proxy", own}, {"NO_PROXY", own}},
       settings({{"http", "b"}}),
       {{"http_proxy", "b"}, {"HTTP_PROXY", "b"}}},
      {"everything is excepted already",
       {{"http_proxy", "a"}, {"HTTP_PROXY", "a"}, {"no_proxy", "*"}, {"NO_PROXY", "*"}},
       {},
       {}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    for (const auto& [name, value] : row.env) world.facts.env[name] = value;
    const auto work = world.plan("proxy", row.with);
    REQUIRE(work);
    CHECK(imported(*work) == row.imported);
    CHECK(work->changes.empty());
  }
}

TEST_CASE("without a proxy nothing is set") {
  BootWorld world;
  world.facts.env["no_proxy"] = "x";
  CHECK(world.start("proxy").skipped == "no proxy is set");
  CHECK(!world.plan("proxy", settings({{"http", "a\nb"}})));
}
