#include "lib/golden.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

constexpr const char* kFile = "/usr/bin/shutdown";
constexpr const char* kOld =
    "rm -rf /root/.local/share/Trash \n"
    "ps -ef | grep supervisord | grep -v grep | awk '{print $2}' | xargs kill \n";

}  // namespace

TEST_CASE("the shutdown command is a script that stops PID 1") {
  BootWorld world;
  world.start("shutdown-command");
  const std::string script = world.text(kFile);
  CHECK(script == golden("unit/steps/golden/shutdown", script));
  CHECK(world.look(kFile).mode == 0755);
  check_idempotent(world, "shutdown-command");
}

TEST_CASE("only what can't work here, or is the old one, is replaced") {
  BootWorld old;
  old.file(kFile, kOld, 0755);
  old.start("shutdown-command");
  CHECK(old.text(kFile).starts_with("#!/bin/sh\n# Written by bootsman"));

  BootWorld own;
  own.file(kFile, "#!/bin/sh\necho no\n", 0755);
  CHECK(own.start("shutdown-command").notes.size() == 1);
  CHECK(own.text(kFile) == "#!/bin/sh\necho no\n");

  BootWorld systemd;
  systemd.file("/bin/systemctl", "ELF", 0755);
  systemd.link("/usr/sbin/shutdown", "/bin/systemctl");
  systemd.link(kFile, "/bin/systemctl");
  systemd.start("shutdown-command");
  CHECK(!systemd.entries.contains("/usr/sbin/shutdown"));
  CHECK(systemd.look(kFile).kind == PathFact::Kind::File);
  CHECK(systemd.text("/bin/systemctl") == "ELF");

  BootWorld program;
  program.file("/usr/sbin/shutdown", "ELF", 0755);
  CHECK(program.start("shutdown-command").warnings.size() == 1);
  CHECK(program.entries.contains("/usr/sbin/shutdown"));
}

TEST_CASE("what a user changed in our script is kept") {
  BootWorld world;
  world.start("shutdown-command");
  world.entries[kFile].text += "echo bye\n";
  const std::string changed = world.text(kFile);
  world.start("shutdown-command");
  CHECK(world.text(kFile) == changed);
}

TEST_CASE("where the init is not PID 1 the command would hit another process") {
  BootWorld world;
  world.facts.init_is_pid_1 = false;
  CHECK(!world.start("shutdown-command").skipped.empty());
  CHECK(!world.entries.contains(kFile));
}
