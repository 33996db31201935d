#include "plan/make_plan.h"

#include <doctest/doctest.h>

#include "config/keys.h"
#include "lib/configs.h"
#include "lib/golden.h"
#include "lib/plan_text.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

const char* const kEmpty = "extends = \"empty\"\n";

Unit only_unit(const std::string& text, const World& world = {}) {
  const Planned planned = plan_text(kEmpty + text, world);
  REQUIRE(lines(planned.complaints) == "");
  REQUIRE(planned.plan.units.size() == 1);
  return planned.plan.units[0];
}

std::string order_of(const std::string& text) {
  const Planned planned = plan_text(kEmpty + text);
  REQUIRE(lines(planned.complaints) == "");
  std::string order;
  for (const Unit& unit : planned.plan.units) {
    order += unit.id() + "(" + names_of(planned.plan, unit.after) + ") ";
    for (const UnitIndex before : unit.after) {
      const auto& dependants = planned.plan.dependants[before.value];
      CHECK(names_of(planned.plan, dependants).find(unit.id()) != std::string::npos);
    }
  }
  return order;
}

std::string unit(const std::string& id, const std::string& rest = "") {
  return "[" + id + "]\ncommand = [\"x\"]\n" + rest;
}

}  // namespace

TEST_CASE("the preset workspace gives the plan that its golden file shows") {
  const Planned planned = plan_texts({});
  CHECK(lines(planned.complaints) == "");
  const std::string text = full_text(planned.plan);
  CHECK(text == test::golden("golden/config/workspace.plan", text));
}

TEST_CASE("a unit with every key gives the plan that its golden file shows") {
  const Planned planned = plan_text(read_source_file("tests/golden/config/every_key.toml"));
  CHECK(lines(planned.complaints) == "");
  const std::string text = full_text(planned.plan);
  CHECK(text == test::golden("golden/config/every_key.plan", text));
}

TEST_CASE("writing a default down changes nothing") {
  for (const Key& key : key_table()) {
    if (key.fallback.empty() || key.fallback.starts_with('(')) continue;
    CAPTURE(key.path);
    const std::string line = std::string(key.path) + " = " + fallback_text(key) + "\n";
    const std::string path(key.path);
    const std::string probe = path.starts_with("ready.")    ? "ready.tcp = \"127.0.0.1:1\"\n"
                              : path.starts_with("health.") ? "health.tcp = \"127.0.0.1:1\"\n"
                                                            : "";
    const auto text = [&](const std::string& extra) {
      const std::string top = key.scopes == kTop ? extra
                              : key.scopes == kRoute
                                  ? "[gateway.routes.\"/\"]\nto = \"unix:@a\"\n" + extra
                                  : "";
      const auto in = [&](int scope) { return (key.scopes & scope) != 0 ? probe + extra : ""; };
      return top + unit("service.a", in(kService)) + unit("step.b", in(kCommandStep)) +
             unit("job", in(kJob)) + "[step.motd]\n" + in(kBuiltinStep);
    };
    const Planned without = plan_text(text("")), with = plan_text(text(line));
    CHECK(lines(with.complaints) == "");
    CHECK(full_text(with.plan) == full_text(without.plan));
  }
}

TEST_CASE("defaults follow the kind of unit") {
  const Unit step = only_unit(unit("step.a"));
  CHECK(step.on_failure == OnFailure::Ignore);
  CHECK(step.restart.when == RestartPolicy::When::Never);
  CHECK(step.log.when_blocked == WhenBlocked::Wait);
  const Unit service = only_unit(unit("service.a"));
  CHECK(service.on_failure == OnFailure::Unhealthy);
  CHECK(service.restart.when == RestartPolicy::When::Always);
  CHECK(service.restart.limit == 0);
  CHECK(service.log.format == LogFormat::Text);
  CHECK(service.log.when_blocked == WhenBlocked::Drop);
  CHECK(service.launch.secrets.empty());
  const Unit job = only_unit("log.format = \"json\"\n" + unit("job"));
  CHECK(job.restart.when == RestartPolicy::When::Never);
  CHECK(job.log.format == LogFormat::Raw);
  CHECK(job.log.when_blocked == WhenBlocked::Wait);
  CHECK(job.launch.secrets == std::vector<std::string>{"SECRET_KEY"});
  CHECK(only_unit("log.format = \"json\"\n" + unit("service.a")).log.format == LogFormat::Json);
  CHECK(only_unit("secrets.names = []\n" + unit("job")).launch.secrets.empty());
}

TEST_CASE("units stand behind all that they wait for") {
  struct Row {
    const char* name;
    std::string text;
    const char* order;
  };
  static const Row rows[] = {
      {"services and the job behind steps, without order among each other",
       unit("service.a") + unit("job") + unit("step.b") + unit("step.c"),
       "step.b() step.c() service.a(step.b step.c) job(step.b step.c) "},
      {"early ones wait for no step", unit("service.a", "early = true\n") + unit("step.b"),
       "step.b() service.a() "},
      {"a step may wait for an early service",
       unit("service.a", "early = true\n") + unit("step.b", "after = [\"a\"]\n"),
       "service.a() step.b(service.a) "},
      {"after and requires, by id, by bare name, named twice",
       unit("service.a", "after = [\"b\", \"service.b\"]\nrequires = \"c\"\n") + unit("service.b") +
           unit("service.c"),
       "service.b() service.c() service.a(service.b service.c) "},
      {"what is disabled is not waited for",
       unit("service.a", "after = [\"b\"]\n") + unit("service.b", "enabled = false\n"),
       "service.a() "},
      {"a name with dots", unit("service.a", "after = [\"b.c\"]\n") + unit("service.\"b.c\""),
       "service.b.c() service.a(service.b.c) "},
      {"the job by its name", unit("service.a", "after = [\"job\"]\n") + unit("job"),
       "job() service.a(job) "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(order_of(row.text) == row.order);
  }
}

TEST_CASE("signals that the init needs for itself, or does not know, can't be passed on") {
  struct Row {
    const char* signal;
    const char* complaint;
  };
  const std::vector<Row> rows{
      {"SIGTERM", "SIGTERM can't be passed on: it is for the init itself"},
      {"SIGINT", "SIGINT can't be passed on: it is for the init itself"},
      {"KILL", "SIGKILL can't be passed on: it is for the init itself"},
      {"SIGCHLD", "SIGCHLD can't be passed on: it is for the init itself"},
      {"SIGHOP", "cannot read the signal \"SIGHOP\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.signal);
    const Planned planned =
        plan_text(kEmpty + unit("service.a", std::string("forward = [\"") + row.signal + "\"]\n"));
    const std::string said = lines(planned.complaints);
    CHECK(said.find(std::string("service.a.forward: ") + row.complaint) != std::string::npos);
  }
}

TEST_CASE("what requires a disabled unit is skipped, and says so") {
  const Planned planned =
      plan_text(kEmpty + unit("service.a", "requires = [\"b\"]\n") +
                unit("service.b", "requires = [\"c\"]\n") + unit("service.c", "enabled = false\n"));
  CHECK(lines(planned.complaints) == "");
  REQUIRE(planned.plan.units.size() == 2);
  CHECK(planned.plan.units[0].conditions.skip_reason == "requires service.c, which is disabled");
  CHECK(planned.plan.units[1].conditions.skip_reason ==
        "requires service.b, which requires service.c, which is disabled");
}

TEST_CASE("what contradicts itself is an error with its place") {
  struct Row {
    const char* name;
    std::string text;
    const char* complaints;
  };
  static const Row rows[] = {
      {"missing command", "[service.a]\n",
       "a.toml:2:10: error: service.a.command: is missing: write command = [\"PROGRAM\", "
       "\"ARGUMENT\"]\n"},
      {"misspelt built-in step", "[step.timezon]\n",
       "a.toml:2:7: error: step.timezon.command: is missing: write command = [\"PROGRAM\", "
       "\"ARGUMENT\"], or did you mean the built-in step \"timezone\"?\n"},
      {"missing command is not said of a misspelt one", "[service.a]\ncomand = [\"x\"]\n",
       "a.toml:3:1: error: service.a.comand: unknown key, did you mean \"command\"?\n"},
      {"unknown unit", unit("service.a", "after = [\"servce.b\"]\n") + unit("service.b"),
       "a.toml:4:9: error: service.a.after: there is no unit \"servce.b\", did you mean "
       "\"service.b\"?\n"},
      {"ambiguous name",
       unit("service.a", "after = [\"b\"]\n") + unit("service.b") + unit("step.b"),
       "a.toml:4:9: error: service.a.after: \"b\" may be several units: write \"step.b\" or "
       "\"service.b\"\n"},
      {"cycle of two",
       unit("service.a", "after = [\"b\"]\n") + unit("service.b", "requires = \"a\"\n"),
       "a.toml:4:9: error: service.a: cannot be ordered, each waits for the next: service.a → "
       "service.b → service.a (a.toml:4:9, a.toml:7:12)\n"},
      {"unit behind itself", unit("step.a", "after = [\"a\"]\n"),
       "a.toml:4:9: error: step.a: cannot be ordered, each waits for the next: step.a → step.a "
       "(a.toml:4:9)\n"},
      {"cycle by the order of steps",
       unit("service.a") + unit("step.b", "after = [\"service.a\"]\n"),
       "a.toml:6:9: error: step.b: cannot be ordered, each waits for the next: step.b → service.a "
       "→ "
       "step.b (a.toml:6:9); services wait for all steps unless they say early = true\n"},
      {"check without a probe", unit("service.a", "ready = { every = \"1s\" }\n"),
       "a.toml:4:19: error: service.a.ready: says not what to probe: give it one of tcp, http, "
       "exec, "
       "file, log, notify, notify_fd\n"},
      {"health check without a probe", unit("service.a", "health = { failures = 2 }\n"),
       "a.toml:4:23: error: service.a.health: says not what to probe: give it one of tcp, http, "
       "exec, file, watchdog\n"},
      {"a unit that speaks by itself is not asked",
       unit("service.a",
            "ready = { notify = true, every = \"1s\" }\nhealth = { watchdog = \"9s\", "
            "failures = 2 }\n"),
       "a.toml:4:34: error: service.a.ready.every: does not go with notify: the unit speaks by "
       "itself, and is not asked\n"
       "a.toml:5:40: error: service.a.health.failures: does not go with watchdog: the unit speaks "
       "by itself, and is not asked\n"},
      {"no notification is written by leaving it out",
       unit("service.a", "ready = { notify = false }\n"),
       "a.toml:4:20: error: service.a.ready.notify: must be true, or not be written at all\n"},
      {"a watchdog without time", unit("service.a", "health = { watchdog = \"0s\" }\n"),
       "a.toml:4:23: error: service.a.health.watchdog: must be longer than nothing\n"},
      {"check with two probes",
       unit("service.a", "health = { tcp = \"127.0.0.1:1\", file = \"/x\" }\n"),
       "a.toml:4:18: error: service.a.health: must name one probe, not tcp and file\n"},
      {"status of a check without HTTP",
       unit("service.a", "ready = { tcp = \"127.0.0.1:1\", status = 200 }\n"),
       "a.toml:4:41: error: service.a.ready.status: goes with http only\n"},
      {"body of a check without HTTP",
       unit("service.a", "ready = { tcp = \"127.0.0.1:1\", body = \"ok\" }\n"),
       "a.toml:4:39: error: service.a.ready.body: goes with http only\n"},
      {"name in a URL", unit("service.a", "ready = { http = \"http://web/\" }\n"),
       "a.toml:4:18: error: service.a.ready.http: cannot read the URL \"http://web/\": the host "
       "must "
       "be a numeric address or localhost\n"},
      {"unknown user", unit("service.a", "user = \"bob\"\n"),
       "a.toml:4:8: error: service.a.user: cannot find the user \"bob\" in /etc/passwd\n"},
      {"relative directory", unit("service.a", "directory = \"x\"\npath = \"y\"\n"),
       "a.toml:4:13: error: service.a.directory: must be an absolute path, not \"x\"\n"
       "a.toml:5:8: error: service.a.path: must hold absolute paths, not \"y\"\n"},
      {"unknown secret", unit("service.a", "pass_secrets = [\"SECRET_KY\"]\n"),
       "a.toml:4:16: error: service.a.pass_secrets: \"SECRET_KY\" is not in secrets.names, did you "
       "mean \"SECRET_KEY\"?\n"},
      {"restart pauses the wrong way round",
       unit("service.a", "restart = { delay = \"2m\", max_delay = \"1m\" }\n"),
       "a.toml:4:39: error: service.a.restart.max_delay: must not be shorter than restart.delay, "
       "which is 2m\n"},
      {"unknown capability", unit("service.a", "capabilities = { drop = \"NET_ADMN\" }\n"),
       "a.toml:4:25: error: service.a.capabilities.drop: cannot read the capability \"NET_ADMN\": "
       "did you mean \"NET_ADMIN\"?\n"},
      {"kept beside a list of those dropped",
       unit("service.a", "capabilities = { drop = [\"CHOWN\"], keep = [\"KILL\"] }\n"),
       "a.toml:4:43: error: service.a.capabilities.keep: drops all others: capabilities.drop can "
       "only be \"ALL\" beside it\n"},
      {"dropped and given",
       unit("service.a", "capabilities = { drop = \"ALL\", ambient = \"cap_chown\" }\n"),
       "a.toml:4:42: error: service.a.capabilities.ambient: CAP_CHOWN is dropped by "
       "capabilities.drop: name it in capabilities.keep too\n"},
      {"bad I/O priority", unit("service.a", "limits.ioprio = \"best-effort\"\n"),
       "a.toml:4:17: error: service.a.limits.ioprio: cannot read the I/O priority \"best-effort\": "
       "write \"realtime:LEVEL\", \"best-effort:LEVEL\" (levels 0 to 7) or \"idle\"\n"},
      {"missing environment file", unit("service.a", "env_file = [\"-/none\", \"/gone\", \"x\"]\n"),
       "a.toml:4:12: error: service.a.env_file: cannot read /gone: No such file or directory\n"
       "a.toml:4:12: error: service.a.env_file: must hold absolute paths, not \"x\"\n"},
      {"bad address", "http.listen = [\"0.0.0.0:80\", \"x\"]\n",
       "a.toml:2:15: error: http.listen: cannot read the address \"x\": write HOST:PORT, for "
       "instance \"127.0.0.1:8080\"\n"},
      {"termination log without a path", "termination.log = \"words\"\n",
       "a.toml:2:19: error: termination.log: must be an absolute path, or \"\" for none, not "
       "\"words\"\n"},
      {"socket on a volume", "http.listen = [\"unix:/srv/a/s\"]\n",
       "a.toml:2:15: error: http.listen: cannot listen on \"unix:/srv/a/s\": the socket must lie "
       "below /run, /var/run or /tmp: elsewhere a mount that hangs would stop the init\n"},
      {"logs without a token", "http.status_page.logs = true\n",
       "a.toml:2:25: error: http.status_page.logs: needs http.status_page.token: nobody else may "
       "read what units print\n"},
      {"logs with an empty token", "http.status_page = { logs = true, token = \"\" }\n",
       "a.toml:2:29: error: http.status_page.logs: needs http.status_page.token: nobody else may "
       "read what units print\n"},
      {"no address", "http.listen = []\n",
       "a.toml:2:15: error: http.listen: must name an address: to listen nowhere, write enabled = "
       "false\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(lines(plan_text(kEmpty + row.text).complaints) == row.complaints);
  }
}

TEST_CASE("built-in steps get their settings, the ones not written by default") {
  const Unit motd = only_unit("[step.motd]\nfile = \"/other\"\n");
  REQUIRE(motd.builtin.has_value());
  CHECK(motd.builtin->type == "motd");
  CHECK(motd.builtin->when == StepWhen::Once);
  CHECK(motd.builtin->settings.get_string("file") == "/other");
  CHECK(motd.builtin->settings.find("sudo_alias") != nullptr);
  const Unit profile = only_unit("[step.profile]\nwhen = \"changed\"\ntime_limit = \"9s\"\n");
  CHECK(profile.builtin->when == StepWhen::Changed);
  CHECK(profile.builtin->settings.get_string("time_limit") == "9s");
}

TEST_CASE("a long pause before restarts is not cut by the default limit") {
  const Unit a = only_unit(unit("service.a", "restart.delay = \"2m\"\n"));
  CHECK(a.restart.max_delay == Millis(120'000));
}

TEST_CASE("users are looked up, and their names reach the environment") {
  const Unit a = only_unit(unit("service.a", "user = \"alice\"\nenv = { HOME = \"/data\" }\n"));
  REQUIRE(a.launch.account.has_value());
  CHECK(a.launch.account->uid == 1101);
  CHECK(a.launch.env ==
        std::vector<EnvVar>{
            {"HOME", "/data"}, {"USER", "alice"}, {"LOGNAME", "alice"}, {"SHELL", "/bin/zsh"}});
}

TEST_CASE("an init that is not root keeps its own user, and says so of units that want another") {
  World world;
  world.uid = 1101;
  CHECK(!only_unit(unit("service.a", "user = \"alice\"\n"), world).launch.account.has_value());
  const Planned planned = plan_text(kEmpty + unit("service.a", "user = \"root\"\n"), world);
  CHECK(lines(planned.complaints) ==
        "a.toml:4:8: warning: service.a.user: cannot run as root: the init itself is uid 1101, and "
        "so will this unit be\n");
  CHECK(!planned.plan.units.at(0).launch.account.has_value());
}

TEST_CASE("a time to settle beside a check of readiness is said to be of no use") {
  const std::string ready = "ready = { tcp = \"127.0.0.1:5432\" }\n";
  const Planned both = plan_text(kEmpty + unit("service.a", ready + "settle = \"2s\"\n"));
  CHECK(lines(both.complaints) ==
        "a.toml:5:10: warning: service.a.settle: has no effect, since service.a.ready tells when it "
        "is ready: remove one of the two\n");
  CHECK(both.plan.units.size() == 1);
  for (const std::string& one : {ready + "settle = \"0s\"\n", ready, std::string("settle = \"2s\"\n")})
    CHECK(lines(plan_text(kEmpty + unit("service.a", one)).complaints) == "");
}

TEST_CASE("the shutdown has as long as its surroundings give it") {
  struct Row {
    const char* name;
    Env env;
    const char* text;
    long millis;  // -1: error
  };
  static const Row rows[] = {
      {"elsewhere", {}, "", 9'000},
      {"on Kubernetes", {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}, "", 25'000},
      {"as configured",
       {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}},
       "shutdown.timeout = \"4s\"\n",
       4'000},
      {"the environment overrides",
       {{"BOOTSMAN_GRACE", "55s"}},
       "shutdown.timeout = \"4s\"\n",
       55'000},
      {"an empty variable does not", {{"BOOTSMAN_GRACE", ""}}, "", 9'000},
      {"a bad one is said", {{"BOOTSMAN_GRACE", "55"}}, "", -1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.env = row.env;
    const Planned planned = plan_text(std::string(kEmpty) + row.text, world);
    if (row.millis >= 0) {
      CHECK(planned.plan.shutdown.timeout == Millis(row.millis));
      CHECK(planned.complaints.empty());
    } else {
      CHECK(lines(planned.complaints) ==
            "error: BOOTSMAN_GRACE (environment): cannot read the duration \"55\": the unit is "
            "missing, write \"55s\"\n");
    }
  }
}

TEST_CASE("a command on the command line becomes the job") {
  World world;
  world.command_line = {"python", "train.py", "${NOT} $$"};
  const Unit alone = only_unit("", world);
  CHECK(alone.id() == "job");
  CHECK(alone.launch.argv == world.command_line);
  CHECK(alone.log.format == LogFormat::Raw);
  CHECK(alone.launch.secrets == std::vector<std::string>{"SECRET_KEY"});

  const Unit over = only_unit(unit("job", "directory = \"/workdir\"\n"), world);
  CHECK(over.launch.argv == world.command_line);
  CHECK(over.launch.directory == "/workdir");

  const Unit disabled = only_unit(unit("job", "directory = \"${X}\"\nenabled = false\n"), world);
  CHECK(disabled.launch.argv == world.command_line);
  CHECK(disabled.launch.directory.empty());

  const Planned beside = plan_text("", world);
  CHECK(beside.plan.job().has_value());
  CHECK(beside.plan.find("service.sshd").has_value());
}

TEST_CASE("the old start script is refused with the way to go") {
  struct Row {
    std::vector<std::string> command;
    bool refused;
  };
  static const Row rows[] = {
      {{"bash", "/init/boot/boot.sh"}, true}, {{"/bin/bash", "-x", "/init/boot/boot.sh"}, true},
      {{"/init/boot/boot.sh"}, true},         {{"sh", "-c", "exec /init/boot/boot.sh"}, true},
      {{"bash", "/run.sh"}, false},           {{"cat", "/init/boot/boot.sh"}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(join(row.command, " "));
    World world;
    world.command_line = row.command;
    const std::string said = lines(plan_text("", world).complaints);
    CHECK(said.empty() == !row.refused);
    if (row.refused) {
      CHECK(
          said.starts_with("error: job (command line): cannot run /init/boot/boot.sh as the job"));
      CHECK(said.find("Remove CMD") != std::string::npos);
    }
  }
}

TEST_CASE("units are found by id and by a bare name that is unique") {
  const Planned planned = plan_text(kEmpty + unit("service.a") + unit("step.a") + unit("step.b"));
  CHECK(planned.plan.find("service.a").has_value());
  CHECK(planned.plan.find("b").has_value());
  CHECK(!planned.plan.find("a").has_value());
  CHECK(!planned.plan.find("c").has_value());
  CHECK(!planned.plan.job().has_value());
}
