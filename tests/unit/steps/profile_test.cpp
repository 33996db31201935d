#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;
using namespace std::string_literals;

namespace {

/// A container whose profile leaves this environment, each variable ended by a zero byte.
struct Login : BootWorld {
  explicit Login(std::string env, int code = 0, bool timed_out = false) {
    file("/etc/profile", "");
    program("/bin/bash", [=](BootWorld&, const CommandLine&) {
      CommandOutput output = printed(env, code);
      output.timed_out = timed_out;
      output.text = "bash: /etc/profile: line 3: syntax error\n";
      return output;
    });
    facts.env = {{"PATH", "/opt/bin:/usr/bin"}, {"KEEP", "pod"}};
  }
};

std::map<std::string, std::string> as_map(const StepWork& work) {
  std::map<std::string, std::string> map;
  for (const EnvVar& var : work.env) map[var.name] = var.value;
  return map;
}

using Env = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("new variables are imported, PATH is the union, the pod's values win") {
  struct Row {
    std::string name;
    std::string env;
    Env want;
  };
  const Row rows[] = {
      {"a new variable and a longer PATH",
       "FOO=a=b c\0PATH=/usr/bin:/usr/games\0"s,
       {{"FOO", "a=b c"}, {"PATH", "/opt/bin:/usr/bin:/usr/games:/init/bin"}}},
      {"the pod's value wins",
       "KEEP=profile\0PATH=/usr/bin\0"s,
       {{"PATH", "/opt/bin:/usr/bin:/init/bin"}}},
      {"line breaks in a value",
       "MULTI=a\nB=c\0"s,
       {{"MULTI", "a\nB=c"}, {"PATH", "/opt/bin:/usr/bin:/init/bin"}}},
      {"what belongs to the shell stays there",
       "SHLVL=1\0_=/usr/bin/env\0PWD=/\0BASH_FUNC_x%%=() { :; }\0PS1=$\0HOME=/x\0"s,
       {{"PATH", "/opt/bin:/usr/bin:/init/bin"}}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Login world(row.env);
    CHECK(as_map(world.start("profile")) == row.want);
  }
}

TEST_CASE("a value that is not UTF-8 is left out and named") {
  Login world("LATIN=\xff\0"s);
  const StepWork work = world.start("profile");
  CHECK(!as_map(work).contains("LATIN"));
  REQUIRE(work.warnings.size() == 1);
  CHECK(work.warnings[0].find("LATIN") != std::string::npos);
}

TEST_CASE("a profile that fails, hangs or is missing costs nothing but its variables") {
  const Env only_path = {{"PATH", "/opt/bin:/usr/bin:/init/bin"}};
  Login broken("", 2);
  StepWork work = broken.start("profile");
  CHECK(as_map(work) == only_path);
  REQUIRE(work.warnings.size() == 1);
  CHECK(work.warnings[0] ==
        "cannot source /etc/profile: the shell exited 2: bash: /etc/profile: line 3: syntax error");

  Login hanging("FOO=1\0"s, 0, true);
  work = hanging.start("profile");
  CHECK(as_map(work) == only_path);
  CHECK(work.warnings[0] == "cannot source /etc/profile: it was not done after 5s");

  Login missing("FOO=1\0"s);
  missing.entries.erase("/etc/profile");
  work = missing.start("profile");
  CHECK(as_map(work) == only_path);
  CHECK(work.warnings.empty());
}

TEST_CASE("secrets do not come back by way of the profile") {
  Login world("SECRET_KEY=x\0"s);
  world.facts.secrets["SECRET_KEY"] = "x";
  CHECK(!as_map(world.start("profile")).contains("SECRET_KEY"));
}

TEST_CASE("without bash the profile is read by sh") {
  Login world("");
  world.entries.erase("/bin/bash");
  world.program("/bin/sh", [](BootWorld&, const CommandLine&) { return printed("FOO=1\0"s); });
  CHECK(as_map(world.start("profile")).at("FOO") == "1");
}
