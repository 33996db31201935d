#include "plan/launch_plan.h"

#include <doctest/doctest.h>

#include "base/capabilities.h"
#include "lib/configs.h"
#include "plan/env_file.h"

using namespace bootsman;
using namespace bootsman::tests;

TEST_CASE("environment files are read line by line, and nothing in them is expanded") {
  struct Row {
    const char* name;
    std::string text;
    const char* result;  // "NAME=value|…", or the error.
  };
  const Row rows[] = {
      {"plain lines", "A=1\nB=two words\n", "A=1|B=two words|"},
      {"comments, empty lines, export, spaces", "# A=0\n\n  export A=1\n \t\nB=2", "A=1|B=2|"},
      {"line ends of Windows", "A=1\r\nB=2\r\n", "A=1|B=2|"},
      {"quotes around the whole value come off", "A=\"x y\"\nB='z'\nC=a\"b\"\nD=\"\nE=\"'\n",
       "A=x y|B=z|C=a\"b\"|D=\"|E=\"'|"},
      {"an empty value, and one with =", "A=\nB=c=d\n", "A=|B=c=d|"},
      {"no variables inside", "A=${HOME} $B `c`\n", "A=${HOME} $B `c`|"},
      {"both of two, for the later to win", "A=1\nA=2\n", "A=1|A=2|"},
      {"a line without =", "A=1\nwhat\n", "line 2: has no =: write NAME=value"},
      {"a bad name", "A B=1\n", "line 1: \"A B\" is not a variable's name"},
      {"no name", "=1\n", "line 1: \"\" is not a variable's name"},
      {"a NUL", std::string("A=1\0\n", 5), "line 1: has a NUL byte in it"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto variables = parse_env_file(row.text);
    std::string result;
    if (variables)
      for (const EnvVar& variable : *variables)
        result += variable.name + "=" + variable.value + "|";
    else
      result = variables.error().message();
    CHECK(result == row.result);
  }
}

TEST_CASE("environment files lie below env, and the later one wins") {
  World world;
  world.files = {{"/one", "A=1\nB=1\nC=1\n"}, {"/two", "B=2\n"}, {"/bad", "A\n"}};
  const std::string unit = "extends = \"empty\"\n[service.a]\ncommand = [\"a\"]\n";
  const Planned planned =
      plan_text(unit + "env_file = [\"/one\", \"/two\"]\nenv = { C = \"3\" }\n", world);
  CHECK(lines(planned.complaints) == "");
  const std::vector<EnvVar> expected{{"A", "1"}, {"B", "2"}, {"C", "3"}};
  CHECK(planned.plan.units.at(0).launch.env == expected);

  CHECK(lines(plan_text(unit + "env_file = \"/bad\"\n", world).complaints) ==
        "a.toml:4:12: error: service.a.env_file: cannot read /bad: line 1: has no =: write "
        "NAME=value\n");
  world.must_resolve = false;
  CHECK(lines(plan_text(unit + "env_file = \"/gone\"\n", world).complaints) ==
        "a.toml:4:12: warning: service.a.env_file: cannot read /gone: No such file or directory\n");
  CHECK(lines(plan_text(unit + "env_file = \"/gone\"\nif_env = \"NOT_SET\"\n").complaints) == "");
}

TEST_CASE("I/O priorities are a class and a level") {
  struct Row {
    const char* text;
    int value;  // -1: refused
  };
  const Row rows[] = {{"idle", 3 << 13},
                      {"best-effort:0", 2 << 13},
                      {"best-effort:7", (2 << 13) | 7},
                      {"realtime:3", (1 << 13) | 3},
                      {"best-effort", -1},
                      {"best-effort:8", -1},
                      {"idle:1", -1},
                      {"realtime:", -1},
                      {"none:1", -1},
                      {"", -1}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_ioprio(row.text).value_or(-1) == row.value);
  }
}

TEST_CASE("capabilities are read by name, and written with it") {
  CHECK(parse_capability("CHOWN").value() == 0);
  CHECK(parse_capability("cap_net_bind_service").value() == 10);
  CHECK(parse_capability("CAP_CHECKPOINT_RESTORE").value() == 40);
  CHECK(parse_capability("SYS_ADMN").error().message() ==
        "cannot read the capability \"SYS_ADMN\": did you mean \"SYS_ADMIN\"?");
  CHECK_FALSE(parse_capability("ALL"));
  CHECK_FALSE(parse_capability(""));
  CHECK(capability_name(21) == "CAP_SYS_ADMIN");
  CHECK(capability_name(41) == "capability 41");
}
