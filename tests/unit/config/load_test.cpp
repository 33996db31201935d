#include "config/load.h"

#include <doctest/doctest.h>

#include <string>

#include "lib/configs.h"

using namespace bootsman;
using namespace bootsman::tests;

TEST_CASE("every mistake is reported with its place, key and what to do") {
  struct Row {
    const char* name;
    const char* text;
    const char* complaints;
  };
  static const Row rows[] = {
      {"nothing wrong", "[service.a]\ncommand = [\"x\"]\n", ""},
      {"unknown top key", "foo = 1\n",
       "a.toml:1:1: error: foo: unknown key: units stand in [step.NAME], [mount.NAME], [service.NAME] or "
       "[job]\n"},
      {"misspelt top table", "[services.a]\ncommand = [\"x\"]\n",
       "a.toml:1:2: error: services: unknown key, did you mean \"service\"?\n"},
      {"misspelt key of a unit", "[service.a]\ncommand = [\"x\"]\ndirektory = \"/\"\n",
       "a.toml:3:1: error: service.a.direktory: unknown key, did you mean \"directory\"?\n"},
      {"misspelt key in a table of a unit",
       "[service.a]\ncommand = [\"x\"]\nrestart = { dely = \"1s\" }\n",
       "a.toml:3:13: error: service.a.restart.dely: unknown key, did you mean \"delay\"?\n"},
      {"flattened key of a table", "[service.a]\ncommand = [\"x\"]\nrestart_delay = \"1s\"\n",
       "a.toml:3:1: error: service.a.restart_delay: unknown key, did you mean "
       "\"restart.delay\"?\n"},
      {"quoted dotted key is no path",
       "[service.a]\ncommand = [\"x\"]\n\"stop.signal\" = \"TERM\"\n",
       "a.toml:3:1: error: service.a.\"stop.signal\": unknown key, did you mean "
       "\"stop.signal\"?\n"},
      {"key of another kind of unit", "[job]\ncommand = [\"x\"]\n[job.restart]\nwhen = \"never\"\n",
       "a.toml:3:6: error: job.restart: unknown key: it is for services, mounts and steps with a "
       "command, not for the job\n"},
      {"kind that no release has", "[timer.nightly]\n",
       "a.toml:1:2: error: timer: unknown key: units stand in [step.NAME], [mount.NAME], "
       "[service.NAME] or [job]\n"},
      {"bare number for a duration", "[service.a]\ncommand = [\"x\"]\nsettle = 5\n",
       "a.toml:3:10: error: service.a.settle: must be a duration, not an integer: write \"5s\"\n"},
      {"duration without a unit", "[service.a]\ncommand = [\"x\"]\nsettle = \"5\"\n",
       "a.toml:3:10: error: service.a.settle: cannot read the duration \"5\": the unit is missing, "
       "write \"5s\"\n"},
      {"bare number for a size", "[service.a]\ncommand = [\"x\"]\nlimits.core = 64\n",
       "a.toml:3:15: error: service.a.limits.core: must be a size or \"unlimited\", not an "
       "integer: "
       "write \"64MiB\", or \"64B\" for bytes\n"},
      {"quoted number", "[service.a]\ncommand = [\"x\"]\nlimits.nofile = \"5\"\n",
       "a.toml:3:17: error: service.a.limits.nofile: must be a whole number or \"unlimited\", not "
       "a "
       "string: write the number without quotes, or \"unlimited\"\n"},
      {"number out of range", "[service.a]\ncommand = [\"x\"]\nlimits.nice = 20\n",
       "a.toml:3:15: error: service.a.limits.nice: must be from -20 to 19\n"},
      {"negative limit", "[service.a]\ncommand = [\"x\"]\nlimits.nofile = -1\n",
       "a.toml:3:17: error: service.a.limits.nofile: must be from 0 up\n"},
      {"not a number", "[service.a]\ncommand = [\"x\"]\nrestart.factor = nan\n",
       "a.toml:3:18: error: service.a.restart.factor: must be from 1 to 100\n"},
      {"number for a user", "[service.a]\ncommand = [\"x\"]\nuser = 1101\n",
       "a.toml:3:8: error: service.a.user: must be a string, not an integer: write \"1101\"\n"},
      {"misspelt word", "[service.a]\ncommand = [\"x\"]\nstop.kill = \"grop\"\n",
       "a.toml:3:13: error: service.a.stop.kill: must be \"process\", \"group\" or \"tree\", not "
       "\"grop\": did you mean \"group\"?\n"},
      {"bad signal", "[service.a]\ncommand = [\"x\"]\nstop.signal = \"SIGTREM\"\n",
       "a.toml:3:15: error: service.a.stop.signal: cannot read the signal \"SIGTREM\": did you "
       "mean "
       "\"SIGTERM\"?\n"},
      {"bad file mode", "[service.a]\ncommand = [\"x\"]\numask = \"08\"\n",
       "a.toml:3:9: error: service.a.umask: must be an octal string like \"0022\", not \"08\"\n"},
      {"command as one string", "[service.a]\ncommand = \"x -y\"\n",
       "a.toml:2:11: error: service.a.command: must be an array of strings, not a string: write "
       "[\"PROGRAM\", \"ARGUMENT\"], or [\"sh\", \"-c\", \"…\"] for a shell\n"},
      {"command with a number", "[service.a]\ncommand = [\"x\", 5]\n",
       "a.toml:2:17: error: service.a.command: must hold strings, not an integer: write it in "
       "double quotes\n"},
      {"empty command", "[service.a]\ncommand = []\n",
       "a.toml:2:11: error: service.a.command: must name a program\n"},
      {"empty program", "[service.a]\ncommand = [\"\"]\n",
       "a.toml:2:11: error: service.a.command: must name a program\n"},
      {"number in env", "[service.a]\ncommand = [\"x\"]\nenv = { PORT = 80 }\n",
       "a.toml:3:16: error: service.a.env.PORT: must be a string, not an integer: write it in "
       "double quotes\n"},
      {"bad name in env", "[service.a]\ncommand = [\"x\"]\nenv = { \"A=B\" = \"1\" }\n",
       "a.toml:3:9: error: service.a.env.\"A=B\": cannot be a name: it is empty or has a = in "
       "it\n"},
      {"value for a table", "[service.a]\ncommand = [\"x\"]\nrestart = \"always\"\n",
       "a.toml:3:11: error: service.a.restart: must be a table, not a string\n"},
      {"table for a value", "[service.a]\ncommand = [\"x\"]\n[service.a.directory]\nx = 1\n",
       "a.toml:3:1: error: service.a.directory: must be a string, not a table\n"},
      {"date for a value", "[service.a]\ncommand = [\"x\"]\nuser = 2024-01-01\n",
       "a.toml:3:8: error: service.a.user: must be a string, not a date\n"},
      {"NUL in a string", "[service.a]\ncommand = [\"x\\u0000y\"]\n",
       "a.toml:2:12: error: service.a.command: must not contain a NUL character\n"},
      {"unit that is no table", "[service]\na = [\"x\"]\n",
       "a.toml:2:1: error: service.a: must be a table: write [service.NAME] with its keys below\n"},
      {"kind that is no table", "service = 1\n",
       "a.toml:1:11: error: service: must be a table of units: write [service.NAME]\n"},
      {"job that is no table", "job = [\"x\"]\n",
       "a.toml:1:7: error: job: must be a table: write [job]\n"},
      {"array of tables", "[[service.a]]\ncommand = [\"x\"]\n",
       "a.toml:1:11: error: service.a: must be a table: write [service.NAME] with its keys "
       "below\n"},
      {"bad name of a unit", "[service.\"a b\"]\ncommand = [\"x\"]\n",
       "a.toml:1:10: error: service.\"a b\": cannot be a name of a unit: take up to 64 letters, "
       "digits, -, _ and ., a letter, digit or _ first\n"},
      {"unit called job", "[service.job]\ncommand = [\"x\"]\n",
       "a.toml:1:10: error: service.job: cannot be called \"job\": that is the one [job]\n"},
      {"duplicate unit", "[service.a]\ncommand = [\"x\"]\n[service.a]\n",
       "a.toml:3:1: error: cannot read this as TOML: Error while parsing table header: cannot "
       "redefine existing table 'service.a'\n"},
      {"duplicate key", "[service.a]\ncommand = [\"x\"]\ncommand = [\"y\"]\n",
       "a.toml:3:11: error: cannot read this as TOML: Error while parsing key-value pair: cannot "
       "redefine existing array 'command'\n"},
      {"broken TOML", "[service.a\n",
       "a.toml:1:11: error: cannot read this as TOML: Error while parsing table header: expected "
       "']', saw '\\n'\n"},
      {"unset variable", "[service.a]\ncommand = [\"x\", \"${NOPE}\"]\n",
       "a.toml:2:17: error: service.a.command: the variable NOPE is not set: set it, or write "
       "\"${NOPE:-default}\"\n"},
      {"secret in a value", "[service.a]\ncommand = [\"x\", \"${SECRET_KEY}\"]\n",
       "a.toml:2:17: error: service.a.command: cannot put the secret SECRET_KEY into a value, "
       "where "
       "others could read it: name it in `pass_secrets` of the unit that needs it\n"},
      {"key of a command in a built-in step", "[step.motd]\ncommand = [\"x\"]\n",
       "a.toml:2:1: error: step.motd.command: unknown key: it is for services, mounts, "
       "steps with a command and the job, not for the built-in step motd\n"},
      {"misspelt setting of a built-in step", "[step.motd]\nfiel = \"/x\"\n",
       "a.toml:2:1: error: step.motd.fiel: unknown key, did you mean \"file\"?\n"},
      {"wrong type of a built-in step's setting", "[step.profile]\ntime_limit = 5\n",
       "a.toml:2:14: error: step.profile.time_limit: must be a duration, not an integer: write "
       "\"5s\"\n"},
      {"misspelt preset", "extends = \"workspce\"\n",
       "a.toml:1:11: error: extends: there is no preset \"workspce\", did you mean "
       "\"workspace\"?\n"},
      {"preset of another type", "extends = true\n",
       "a.toml:1:11: error: extends: must be a string, not a boolean: one of \"empty\", "
       "\"inference\", \"workspace\"\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(lines(plan_text(row.text).complaints) == row.complaints);
  }
}

TEST_CASE("comments, keys and values may be in any language") {
  const Unit unit = plan_text(
                        "extends = \"empty\"\n# é 日志、监控。完成！\u3000x ÿ\n[service.a]\n"
                        "command = [\"écho\", \"你好，世界！\"] # ok。\nenv = { \"名\" = \"é\" }\n")
                        .plan.units.at(0);
  CHECK(unit.launch.argv == std::vector<std::string>{"écho", "你好，世界！"});
  CHECK(unit.launch.env == std::vector<EnvVar>{{"名", "é"}});
  // A bare key of such letters is no TOML.
  CHECK(
      lines(plan_text("[service.é]\n").complaints).starts_with("a.toml:1:10: error: cannot read"));
  CHECK(lines(plan_text("[service.a。]\n").complaints)
            .starts_with("a.toml:1:11: error: cannot read"));
}

TEST_CASE("all mistakes of all files are reported at once, by place") {
  const Planned planned =
      plan_texts({"a = 1\n[service.s]\nsettle = 5\ncommand = [\"x\"]\n",
                  "[http]\nport = 80\n[broken\n", "extends = \"empty\"\nb = 2\n"});
  CHECK(lines(planned.complaints) ==
        "a.toml:1:1: error: a: unknown key: units stand in [step.NAME], [mount.NAME], [service.NAME] or [job]\n"
        "a.toml:3:10: error: service.s.settle: must be a duration, not an integer: write \"5s\"\n"
        "b.toml:3:8: error: cannot read this as TOML: Error while parsing table header: expected "
        "']', saw '\\n'\n"
        "c.toml:1:1: error: extends: only the first file may choose the preset\n"
        "c.toml:2:1: error: b: unknown key: units stand in [step.NAME], [mount.NAME], [service.NAME] or [job]\n");
}

TEST_CASE("variables are looked at only in units that will run") {
  const char* text =
      "extends = \"empty\"\n"
      "[service.a]\nenabled = false\ncommand = [\"${NOPE}\"]\nsettle = \"${NOPE}\"\n"
      "[service.b]\nif_env = [\"WANTED\"]\ncommand = [\"${NOPE}\"]\nsettle = \"${NOPE}\"\n";
  const Planned planned = plan_text(text);
  CHECK(lines(planned.complaints) == "");
  REQUIRE(planned.plan.units.size() == 1);
  CHECK(planned.plan.units[0].conditions.skip_reason == "the variable WANTED is not set");

  World world;
  world.env = {{"WANTED", "1"}};
  CHECK(plan_text(text, world).complaints.size() == 2);
  world.env = {{"WANTED", ""}};
  CHECK(plan_text(text, world).complaints.empty());
}

TEST_CASE("away from the container what has no value is a warning, and nothing follows from it") {
  World world;
  world.must_resolve = false;
  const Planned planned = plan_text(
      "extends = \"empty\"\n"
      "[http]\nlisten = \"0.0.0.0:${PORT}\"\n"
      "[service.a]\ncommand = [\"${PROGRAM}\"]\nuser = \"${WHO}\"\nsettle = \"${TIME}\"\n"
      "directory = \"${WHERE}\"\nafter = [\"${UNIT}\"]\n"
      "ready.http = \"http://127.0.0.1:${PORT}/\"\non_failure = \"${WHAT}\"\n",
      world);
  CHECK(planned.complaints.size() == 8);
  for (const std::string& line : planned.complaints) {
    CAPTURE(line);
    CHECK(line.find(": warning: ") != std::string::npos);
    CHECK(line.find(" is not set") != std::string::npos);
  }
  CHECK(lines(plan_text("[service.a]\ncommand = [\"${}\"]\n", world).complaints)
            .find("error: service.a.command: cannot read \"${}\"") != std::string::npos);
}

TEST_CASE("variables reach every type that is written as a string") {
  World world;
  world.env = {{"TIME", "7s"}, {"SIG", "INT"}, {"PORT", "9000"}, {"KILL", "tree"}};
  const Planned planned = plan_text(
      "extends = \"empty\"\n"
      "[http]\nlisten = \"127.0.0.1:${PORT}\"\n"
      "[service.a]\ncommand = [\"serve\", \"${PORT}\"]\nsettle = \"${TIME}\"\n"
      "stop = { signal = \"SIG${SIG}\", kill = \"${KILL}\" }\nenv = { P = \"${PORT}\" }\n",
      world);
  CHECK(lines(planned.complaints) == "");
  const Unit& unit = planned.plan.units.at(0);
  CHECK(planned.plan.http.listen.at(0).port == 9000);
  CHECK(unit.launch.argv == std::vector<std::string>{"serve", "9000"});
  CHECK(unit.settle == Millis(7000));
  CHECK(unit.stop.signal == Signal{2});
  CHECK(unit.stop.kill == KillScope::Tree);
  CHECK(unit.launch.env == std::vector<EnvVar>{{"P", "9000"}});
}
