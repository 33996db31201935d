#include <cstdio>

#include "base/text.h"
#include "lib/golden.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

// All steps of the preset, in its order, on what the base images of four families look like. The
// golden files show every file that is written, changed or removed, with its mode.

namespace {

constexpr const char* kBashrc =
    "# System-wide .bashrc\n[ -z \"$PS1\" ] && return\nPS1='\\u@\\h:\\w\\$ '\n";

void with_ssh(BootWorld& world, const std::string& config) {
  world.folder_("/etc/ssh").file("/etc/ssh/sshd_config", config, 0644);
  world.program("/usr/sbin/sshd");
  world.program("/usr/bin/ssh-keygen", [](BootWorld& here, const CommandLine& command) {
    here.file(command.argv.back(), "private\n", 0600)
        .file(command.argv.back() + ".pub", "public\n");
    return printed("");
  });
}

void with_zone(BootWorld& world) {
  world.folder_("/usr/share/zoneinfo").file("/usr/share/zoneinfo/Asia/Shanghai", "CST");
}

/// A folder of Python's modules with a package in it, as `{python}` finds it.
void with_python(BootWorld& world, const std::string& modules) {
  for (std::string path = modules + "/notebook"; path.size() > 1;
       path = path.substr(0, path.rfind('/')))
    world.folder_(path);
}

void debian(BootWorld& world) {
  world.program("/usr/bin/bash");
  with_python(world, "/usr/lib/python3/dist-packages");
  with_zone(world);
  with_ssh(world,
           "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\n"
           "X11Forwarding yes\nPrintMotd no\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n");
  world.folder_("/etc/ssh/sshd_config.d").folder_("/etc/profile.d");
  world.file("/etc/profile", "PATH=\"/usr/local/bin:/usr/bin\"\nexport PATH\n");
  world.file("/etc/bash.bashrc", kBashrc).file("/etc/shadow", "root:*:19000:0:99999:7:::\n", 0640);
  world.program("/bin/bash", [](BootWorld&, const CommandLine&) {
    return printed(std::string("PATH=/usr/local/bin:/usr/bin\0SHLVL=1\0", 37));
  });
}

void ubuntu(BootWorld& world) {
  debian(world);
  world.file("/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication no\n", 0600);
  world.file("/etc/default/locale", "LANG=C.UTF-8\n")
      .link("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC");
  world.file("/usr/share/zoneinfo/Etc/UTC", "UTC");
  world.link("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
  world.program("/usr/bin/locale",
                [](BootWorld&, const CommandLine&) { return printed("C\nC.utf8\n"); });
}

void centos(BootWorld& world) {
  world.program("/bin/bash").program("/usr/bin/bash");
  with_python(world, "/usr/lib64/python3.9/site-packages");
  with_zone(world);
  with_ssh(world,
           "HostKey /etc/ssh/ssh_host_rsa_key\nSyslogFacility AUTHPRIV\nPermitRootLogin yes\n"
           "PasswordAuthentication yes\nUsePAM yes\nX11Forwarding yes\n"
           "Match User anoncvs\n  AllowTcpForwarding no\n");
  world.folder_("/etc/profile.d")
      .file("/etc/bashrc", "# /etc/bashrc\nif [ \"$PS1\" ]; then :; fi\n");
  world.file("/etc/profile", "").file("/etc/shadow", "root:!!:19000:0:99999:7:::\n", 0000);
  world.file("/etc/locale.conf", "LANG=\"en_US.UTF-8\"\n");
  world.file("/usr/sbin/shutdown", "", 0755);
}

void alpine(BootWorld& world) {
  // No bash, no locale, no time zones, no /etc/default; busybox is the shell.
  world.entries.erase("/etc/default");
  with_python(world, "/usr/lib/python3.12/site-packages");
  with_ssh(world,
           "AuthorizedKeysFile\t.ssh/authorized_keys\nAllowTcpForwarding "
           "no\nSubsystem\tsftp\tinternal-sftp\n");
  world.folder_("/etc/profile.d").file("/etc/profile", "").program("/bin/sh");
  world.file("/etc/shadow", "root:::0:::::\n", 0640);
}

std::string shown(const BootWorld::Entry& entry) {
  char mode[8] = {};
  std::snprintf(mode, sizeof mode, "%04o", entry.mode);
  switch (entry.kind) {
    case PathFact::Kind::Symlink:
      return " -> " + entry.text + "\n";
    case PathFact::Kind::Directory:
      return "/ " + std::string(mode) + "\n";
    default:
      break;
  }
  std::string text = " " + std::string(mode) + "\n";
  for (const std::string_view line : split(entry.text, '\n'))
    text += "  |" + std::string(line) + "\n";
  return text;
}

std::string changes(const std::map<std::string, BootWorld::Entry>& before, const BootWorld& after) {
  std::string text;
  for (const auto& [path, entry] : after.entries) {
    const auto old = before.find(path);
    if (old == before.end() || !(old->second == entry)) text += path + shown(entry);
  }
  for (const auto& [path, entry] : before)
    if (!after.entries.contains(path)) text += path + " removed\n";
  return text;
}

using SettingsOf = Value (*)(std::string_view type);

Value defaults(std::string_view) {
  return {};
}

/// For the steps that do nothing until they are told to.
Value something_for_each(std::string_view type) {
  const auto strings = [](std::initializer_list<const char*> texts) {
    Value::Array array;
    for (const char* text : texts) array.emplace_back(text);
    return Value(array);
  };
  if (type == "proxy")
    return settings({{"https", "http://proxy.example:3128"}, {"no_proxy", "localhost,10.0.0.0/8"}});
  if (type == "resolv")
    return settings({{"nameservers", strings({"10.0.0.53"})},
                     {"search", strings({"lab.example"})},
                     {"options", strings({"ndots:2"})}});
  if (type == "hosts")
    return settings({{"entries", Value::Object{{"10.0.0.5", "minio minio.local"}}}});
  if (type == "locale") return settings({{"lang", "zh_CN.UTF-8"}});
  if (type == "authorized_keys")
    return settings({{"users", strings({"root", "alice"})},
                     {"keys", strings({"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOfTheSettings you"})},
                     {"url", "https://platform.example/team.keys"}});
  if (type == "jupyter")
    return settings({{"user", "alice"},
                     {"password", "argon2:$argon2id$v=19$m=10240,t=10,p=8$c2FsdA$aGFzaA"},
                     {"lab_dir", "/opt/lab"},
                     {"overrides", Value::Object{{"@jupyterlab/apputils-extension:themes",
                                                  "{\"theme\": \"JupyterLab Dark\"}"}}}});
  if (type == "files")
    return settings(
        {{"write", Value::Object{{"/etc/skel/course.md", "# Welcome\n"}}},
         {"copy", Value::Object{{"/srv/passwd", "/etc/passwd"}}},
         {"modes", Value::Object{{"/srv/passwd", "0600"}}},
         {"download",
          Value::Object{{"{python}/notebook/logo.png",
                         "https://platform.example/logo.png#sha256=" + std::string(64, 'a')}}},
         {"clone", Value::Object{{"/root/lab", "https://platform.example/lab.git#autumn"}}},
         {"unpack", Value::Object{{"/root/course", "/opt/course.zip"}}}});
  if (type == "remote")
    return settings({{"script", "https://platform.example/start.sh"}, {"allow_unverified", true}});
  return {};
}

/// Two starts: what the first did must match the golden file, the second must find nothing to do.
void check_boots(BootWorld& world, SettingsOf settings_of, const std::string& file) {
  world.facts.env["JOB_PREFIX"] = "s3://bucket/prefix";
  world.facts.env["AUTHORIZED_KEYS"] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk3m0q8xw2nQ1b5r4 me";
  world.facts.secrets["ROOT_PASSWORD"] = "word";
  const auto before = world.entries;
  const auto boot = [&] {
    std::string log;
    for (const StepType& step : step_types()) {
      const std::string type(step.type);
      const StepWork work = world.start(type, settings_of(type));
      INFO(type);
      // A step that is in no use here would have no golden file.
      CHECK((settings_of == defaults || !work.unused));
      for (const EnvVar& var : work.env) world.facts.env[var.name] = var.value;
      for (const std::string& note : work.notes) log += type + ": " + note + "\n";
      for (const std::string& warning : work.warnings) log += type + ": warning: " + warning + "\n";
      if (!work.skipped.empty()) log += type + ": skipped: " + work.skipped + "\n";
    }
    return log;
  };
  const std::string log = boot();
  const std::string text = "--- log\n" + log + "--- files\n" + changes(before, world);
  CHECK(text == golden("unit/steps/golden/" + file, text));
  const auto first = world.entries;
  boot();
  CHECK(changes(first, world) == "");
}

struct Family {
  const char* name;
  void (*build)(BootWorld&);
};
constexpr Family kFamilies[] = {
    {"debian", debian}, {"ubuntu", ubuntu}, {"centos", centos}, {"alpine", alpine}};

}  // namespace

TEST_CASE("the whole preset on the four families of base images, once and again") {
  for (const Family& family : kFamilies) {
    INFO(family.name);
    BootWorld world;
    world.file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    family.build(world);
    check_boots(world, defaults, std::string("root_") + family.name + ".txt");
  }
}

TEST_CASE("with every step in use, on the same four families") {
  for (const Family& family : kFamilies) {
    INFO(family.name);
    BootWorld world;
    world.file("/etc/passwd",
               "root:x:0:0:root:/root:/bin/sh\nalice:x:1101:100::/people/alice:/bin/sh\n");
    world.file("/etc/hosts", "127.0.0.1\tlocalhost\n").program("/usr/bin/git");
    world.folder_("/people").folder_("/people/alice");
    world.facts.fetch = [](const WebFile&) -> Result<WebText> {
      return WebText{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOfTheServer team\n", ""};
    };
    world.program("/etc/bootsman/boot.d/10-own",
                  [](BootWorld&, const CommandLine&) { return printed(""); });
    world.folder_("/etc/bootsman/boot.d");
    family.build(world);
    check_boots(world, something_for_each, std::string("full_") + family.name + ".txt");
  }
}
