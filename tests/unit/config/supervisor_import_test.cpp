#include "config/supervisor_import.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "lib/configs.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

const char* const kHead =
    "# What supervisord did. Without the next line the preset \"workspace\" is there too.\n"
    "extends = \"empty\"\n";

ImportedConfig import_text(const std::string& text) {
  return import_supervisor(parse_ini(text), "/etc/supervisor");
}

}  // namespace

TEST_CASE("an INI file is read as supervisord reads it") {
  const auto sections = parse_ini(
      "; comment\n# comment\nlost = 1\n[a]\nKey = value ; remark\nother: x:y=z\nlong = one,\n"
      "  two\nempty=\n\n[ b ]\r\nk=v\r\n");
  REQUIRE(sections.size() == 2);
  CHECK(sections[0].name == "a");
  REQUIRE(sections[0].find("key") != nullptr);
  CHECK(*sections[0].find("key") == "value");
  CHECK(*sections[0].find("other") == "x:y=z");
  CHECK(*sections[0].find("long") == "one,\ntwo");
  CHECK(*sections[0].find("empty") == "");
  CHECK(sections[0].find("none") == nullptr);
  CHECK(sections[1].name == "b");
  CHECK(*sections[1].find("k") == "v");
}

TEST_CASE("a program becomes a service that does the same") {
  struct Row {
    const char* name;
    const char* program;
    const char* service;  ///< Behind "[service.x]".
  };
  const Row rows[] = {
      {"a bare command", "command=/bin/x -a 'b c' \"d\\\"e\"\n",
       "command = [\"/bin/x\", \"-a\", \"b c\", \"d\\\"e\"]\nrestart.when = \"on-failure\"\n"
       "stop.kill = \"process\"\n"},
      {"variables and what supervisord fills in",
       "command=x %(ENV_PORT)s %(program_name)s %(here)s 100%% $HOME\n",
       "command = [\"x\", \"${PORT}\", \"x\", \"/etc/supervisor\", \"100%\", \"$$HOME\"]\n"
       "restart.when = \"on-failure\"\nstop.kill = \"process\"\n"},
      {"restarts and codes", "command=x\nautorestart=true\nexitcodes=0,2\n",
       "command = [\"x\"]\nrestart.when = \"always\"\nsuccess_codes = [0, 2]\n"
       "stop.kill = \"process\"\n"},
      {"stopping",
       "command=x\nautorestart=false\nstopsignal=INT\nstopwaitsecs=60\nkillasgroup=true\n",
       "command = [\"x\"]\nrestart.when = \"never\"\nstop.kill = \"group\"\nstop.signal = "
       "\"SIGINT\"\nstop.timeout = \"60s\"\n"},
      {"where and as whom", "command=x\ndirectory=/srv\nuser=daemon\numask=022\nautostart=false\n",
       "command = [\"x\"]\ndirectory = \"/srv\"\nuser = \"daemon\"\numask = \"022\"\nenabled = "
       "false\n"
       "restart.when = \"on-failure\"\nstop.kill = \"process\"\n"},
      {"output",
       "command=x\nredirect_stderr=true\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n",
       "command = [\"x\"]\nlog.merge = true\nrestart.when = \"on-failure\"\nstop.kill = "
       "\"process\"\n"},
      {"environment", "command=x\nenvironment=A=\"1,2\",B='%(ENV_HOME)s'\n",
       "command = [\"x\"]\nrestart.when = \"on-failure\"\nstop.kill = \"process\"\n"
       "env = { A = \"1,2\", B = \"${HOME}\" }\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto imported = import_text(std::string("[program:x]\n") + row.program);
    CHECK(imported.toml == std::string(kHead) + "\n[service.x]\n" + row.service);
    CHECK(imported.notes.empty());
    World world;
    world.env = {{"PORT", "1"}, {"HOME", "/root"}};
    CHECK(lines(plan_text(imported.toml, world).complaints) == "");
  }
}

TEST_CASE("what has no counterpart is named, in the configuration and beside it") {
  const auto imported = import_text(
      "[inet_http_server]\nport=*:9001\n[supervisord]\nuser=alice\nenvironment=ALL=\"1\"\n"
      "[program:x y]\ncommand=x\npriority=5\nstdout_logfile=/tmp/x.log\n"
      "[group:both]\nprograms=x,y\n[eventlistener:mail]\ncommand=m\n[rpcinterface:supervisor]\n");
  const std::vector<std::string> notes = {
      "[supervisord] user = alice: name the user in each service",
      "[inet_http_server] has no counterpart",
      "[program:x_y] priority = 5 has no counterpart: name what it waits for in after = "
      "[\"service.x\"]",
      "[program:x_y] stdout_logfile = /tmp/x.log has no counterpart: the lines go to the "
      "container's log",
      "[group:both]: there are no groups; its programs are services: x,y",
      "[eventlistener:mail] has no counterpart",
  };
  CHECK(imported.notes == notes);
  for (const std::string& note : notes)
    CHECK(imported.toml.find("# " + note + "\n") != std::string::npos);
  CHECK(imported.toml.find("env = { ALL = \"1\" }") != std::string::npos);
  CHECK(lines(plan_text(imported.toml).complaints) == "");
}

TEST_CASE("several processes of a program are several services") {
  const auto imported = import_text(
      "[program:w]\ncommand=w --port "
      "80%(process_num)02d\nnumprocs=2\nprocess_name=%(process_num)s\n");
  CHECK(imported.toml.find("[service.w-0]\ncommand = [\"w\", \"--port\", \"8000\"]") !=
        std::string::npos);
  CHECK(imported.toml.find("[service.w-1]\ncommand = [\"w\", \"--port\", \"8001\"]") !=
        std::string::npos);
  CHECK(plan_text(imported.toml).plan.units.size() == 2);
}

TEST_CASE("the configuration of the old workspace images is understood whole") {
  const auto imported = import_text(read_source_file("tests/golden/config/old_supervisor.ini"));
  const Planned planned = plan_text(imported.toml);
  CHECK(lines(planned.complaints) == "");
  REQUIRE(planned.plan.units.size() == 3);
  CHECK(planned.plan.units[0].launch.argv == std::vector<std::string>{"/usr/sbin/sshd", "-D"});
  CHECK(planned.plan.units[1].launch.directory == "/root");
  CHECK(planned.plan.units[1].restart.when == RestartPolicy::When::Always);
  CHECK(planned.plan.units[2].launch.argv.size() == 9);
  CHECK(imported.notes.size() == 6);
  for (const std::string& note : imported.notes)
    CHECK(note.ends_with(".log has no counterpart: the lines go to the container's log"));
}

TEST_CASE("each key of the Go port is carried over, or named") {
  const std::string text = read_source_file("tests/golden/config/go_supervisord.ini");
  const auto imported = import_text(text);
  World world;
  world.env = {{"NAP", "5"}};
  const Planned planned = plan_text(imported.toml, world);
  CHECK(lines(planned.complaints) == "");
  CHECK(planned.plan.units.size() == 4);
  const std::set<std::string> carried = {
      "command",     "process_name",    "numprocs",   "numprocs_start", "autostart",
      "startsecs",   "autorestart",     "exitcodes",  "stopsignal",     "stopwaitsecs",
      "stopasgroup", "killasgroup",     "user",       "directory",      "redirect_stderr",
      "environment", "restartpause",    "depends_on", "stdout_logfile_maxbytes",
      "stdout_logfile_backups", "stderr_logfile_maxbytes", "stderr_logfile_backups"};
  for (const IniSection& section : parse_ini(text)) {
    if (section.name != "program:web") continue;
    for (const auto& [key, value] : section.keys) {
      CAPTURE(key);
      const bool named = std::ranges::any_of(imported.notes, [&](const std::string& note) {
        return note.starts_with("[program:web-1] " + key + " = " + value + " has no counterpart");
      });
      CHECK(named != carried.contains(key));
    }
  }
  const auto has = [&](const char* part) { return imported.toml.find(part) != std::string::npos; };
  CHECK(has("# [program:quiet] stdout_logfile = /dev/null has no counterpart"));
  CHECK(has("# [supervisord] minfds = 1024 has no counterpart: write limits.nofile in "));
  CHECK(has("# [group:all]: there are no groups"));
  CHECK(has("# [eventlistener:mail] has no counterpart"));
  CHECK(has("env_file = [\"-/etc/supervisor/global.env\", \"-/etc/supervisor/prod.env\"]\n"));
}

TEST_CASE("what the Go port of supervisord adds is understood, or named") {
  const auto imported = import_text(
      "[program-default]\nenvFiles=/run/a.env, b.env\nautorestart=true\nnumprocs=1\n"
      "[program:web]\ncommand=web\ndepends_on = db, workers,nobody\nrestartPause=3\n"
      "stopsignal=INT TERM\nstopwaitsecs=5\nrestart_when_binary_changed=true\n"
      "[program:db]\ncommand=db\nautorestart=false\nenvFiles=\nrestartpause=0\n"
      "[program:workers]\ncommand=w\nnumprocs=2\n");
  const auto has = [&](const char* text) { return imported.toml.find(text) != std::string::npos; };
  CHECK(has("[service.web]\ncommand = [\"web\"]\n"
            "# [program:web] depends_on = nobody: there is no such program\n"
            "after = [\"service.db\", \"service.workers-0\", \"service.workers-1\"]\n"));
  CHECK(has("restart.delay = \"3s\"\n"));
  CHECK(has("env_file = [\"-/run/a.env\", \"-/etc/supervisor/b.env\"]\n"));
  CHECK(has("stop.signal = [\"SIGINT 5s\", \"SIGTERM\"]\nstop.timeout = \"10s\"\n"));
  CHECK(has("[service.db]\ncommand = [\"db\"]\nenv_file = []\nrestart.when = \"never\"\n"));
  CHECK(has("[service.workers-1]\ncommand = [\"w\"]\nenv_file"));
  const std::vector<std::string> notes = {
      "[program:web] depends_on = nobody: there is no such program",
      "[program:web] restart_when_binary_changed = true has no counterpart: after a change run "
      "`bootsman restart` or `bootsman signal`",
  };
  CHECK(imported.notes == notes);
  World world;
  world.files = {{"/run/a.env", "A=1\n"}};
  CHECK(lines(plan_text(imported.toml, world).complaints) == "");
}
