#include "lib/golden.h"
#include "steps/sshd_config.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

constexpr const char* kConfig = "/etc/ssh/sshd_config";

/// What a distribution ships, with the defaults commented out.
constexpr const char* kDebian =
    "Include /etc/ssh/sshd_config.d/*.conf\n"
    "#PermitRootLogin prohibit-password\n"
    "UsePAM yes\n"
    "Subsystem\tsftp\t/usr/lib/openssh/sftp-server\n";

struct Server : BootWorld {
  explicit Server(const std::string& config = kDebian, bool knows_set_env = true) {
    file(kConfig, config);
    file("/etc/bash.bashrc", "[ -z \"$PS1\" ] && return\nPS1='# '\n");
    folder_("/etc/profile.d");
    program("/usr/sbin/sshd", [knows_set_env](BootWorld& world, const CommandLine& command) {
      const std::string text = world.text(command.argv.back());
      return printed("", !knows_set_env && text.find("SetEnv") != std::string::npos ? 255 : 0);
    });
    program("/usr/bin/ssh-keygen", [this](BootWorld& world, const CommandLine& command) {
      const std::string id = std::to_string(++made);
      world.file(command.argv.back(), "key " + id, 0600);
      world.file(command.argv.back() + ".pub", "pub " + id);
      return printed("");
    });
  }
  int made = 0;
};

/// The value that sshd would take: the first outside a Match, our block included.
std::string first_value(const BootWorld& world, const std::string& keyword) {
  std::string text = world.text(kConfig);
  for (const auto& [found, setting] : read_sshd_config(world.facts, kConfig))
    if (found == keyword && text.find("# >>> bootsman") == std::string::npos) return setting.value;
  // Our block stands first, so what is in it wins.
  std::string lower;
  const auto begin = text.find("# >>> bootsman ssh");
  const auto end = text.find("# <<< bootsman ssh");
  for (char c : text.substr(begin, end - begin))
    lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  const auto at = lower.find("\n" + keyword + " ");
  if (at != std::string::npos) {
    const auto start = at + keyword.size() + 2;
    return lower.substr(start, lower.find_first_of("\r\n", start) - start);
  }
  const auto settings_there = read_sshd_config(world.facts, kConfig);
  const auto found = settings_there.find(keyword);
  return found == settings_there.end() ? "" : found->second.value;
}

}  // namespace

TEST_CASE("root may log in with a password unless the image's author said otherwise") {
  struct Row {
    std::string name;
    std::string config;
    const char* drop_in;
    const char* root;
    const char* password;
  };
  const Row rows[] = {
      {"the distribution's defaults, commented", kDebian, "", "yes", "yes"},
      {"the distribution's default, active", "PermitRootLogin prohibit-password\n", "", "yes",
       "yes"},
      {"its older word", "PermitRootLogin without-password\n", "", "yes", "yes"},
      {"the author forbids root", "PermitRootLogin no\n", "", "no", "yes"},
      {"the author allows forced commands only, in other case",
       "permitrootlogin=forced-commands-only\n", "", "forced-commands-only", "yes"},
      {"the author wants keys only", "PasswordAuthentication no\n", "", "yes", "no"},
      {"the author's choice in a drop-in", kDebian, "PasswordAuthentication no\n", "yes", "no"},
      {"the old boot script's lines after the first value had no effect",
       "PermitRootLogin prohibit-password\nPermitRootLogin yes\nPasswordAuthentication yes\n", "",
       "yes", "yes"},
      {"a value inside a Match is not the global one",
       "Match User git\n  PasswordAuthentication no\n", "", "yes", "yes"},
      {"line ends of Windows", "UsePAM yes\r\nPermitRootLogin no\r\n", "", "no", "yes"},
      {"no line end at the end", "UsePAM yes", "", "yes", "yes"},
      {"an empty file", "", "", "yes", "yes"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Server world(row.config);
    if (*row.drop_in != '\0') world.file("/etc/ssh/sshd_config.d/10-own.conf", row.drop_in);
    world.start("ssh");
    CHECK(first_value(world, "permitrootlogin") == row.root);
    CHECK(first_value(world, "passwordauthentication") == row.password);
    CHECK(world.text(kConfig).starts_with("# >>> bootsman ssh >>>"));
    check_idempotent(world, "ssh");
  }
}

TEST_CASE("settings go into a drop-in where sshd reads that first, else into a block") {
  constexpr const char* kOurs = "/etc/ssh/sshd_config.d/00-bootsman.conf";
  struct Row {
    std::string name;
    std::string config;
    std::vector<const char*> files;  ///< In the folder.
    bool drop_in;
  };
  const Row rows[] = {
      {"Debian's file", kDebian, {}, true},
      {"a path below /etc/ssh, after comments", "# x\n\nInclude sshd_config.d/*.conf\n", {}, true},
      {"others come later in the folder", kDebian, {"50-cloud-init.conf", "zz.conf"}, true},
      {"another comes before ours", kDebian, {"00-a.conf"}, false},
      {"a file that is not included comes before ours",
       kDebian,
       {"00-a.conf.bak", ".0.conf"},
       true},
      {"a value stands before the Include",
       "UsePAM yes\nInclude sshd_config.d/*.conf\n",
       {},
       false},
      {"two patterns", "Include /x/*.conf /etc/ssh/sshd_config.d/*.conf\n", {}, false},
      {"one file is included", "Include /etc/ssh/sshd_config.d/10-x.conf\n", {}, false},
      {"the folder is missing", "Include /etc/ssh/none.d/*.conf\n", {}, false},
      {"no Include", "UsePAM yes\n", {}, false},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Server world(row.config);
    world.folder_("/etc/ssh/sshd_config.d");
    for (const char* name : row.files)
      world.file(std::string("/etc/ssh/sshd_config.d/") + name, "UsePAM yes\n");
    world.start("ssh");
    CHECK(world.entries.contains(kOurs) == row.drop_in);
    CHECK((world.text(kConfig) == row.config) == row.drop_in);
    const std::string& where = world.text(row.drop_in ? kOurs : kConfig);
    CHECK(where.find("\nPermitRootLogin yes\nPasswordAuthentication yes\n# <<<") !=
          std::string::npos);
    check_idempotent(world, "ssh");
  }
}

TEST_CASE("the drop-in respects the author, and takes over from a block of ours") {
  constexpr const char* kOurs = "/etc/ssh/sshd_config.d/00-bootsman.conf";
  Server world;
  world.facts.env["FOO"] = "x";
  world.start("ssh");
  REQUIRE(world.text(kConfig).starts_with("# >>> bootsman ssh >>>"));
  world.folder_("/etc/ssh/sshd_config.d");
  world.file("/etc/ssh/sshd_config.d/10-own.conf", "PasswordAuthentication no\n");
  const StepWork work = world.start("ssh");
  CHECK(world.text(kConfig) == kDebian);
  const std::string ours = world.text(kOurs);
  CHECK(ours == golden("unit/steps/golden/sshd_drop_in", ours));
  REQUIRE(work.notes.size() == 1);
  CHECK(
      work.notes[0].starts_with("kept \"PasswordAuthentication no\" of "
                                "/etc/ssh/sshd_config.d/10-own.conf line 1"));
  check_idempotent(world, "ssh");

  SUBCASE("what is tried is the drop-in with all that follows it") {
    std::string tried;
    world.program("/usr/sbin/sshd", [&](BootWorld& here, const CommandLine& command) {
      tried = here.text(command.argv.back());
      return printed("");
    });
    world.start("ssh");
    CHECK(tried == ours + kDebian);
  }
  SUBCASE("an sshd that refuses it changes nothing") {
    Server refusing;
    refusing.folder_("/etc/ssh/sshd_config.d");
    refusing.program("/usr/sbin/sshd",
                     [](BootWorld&, const CommandLine&) { return printed("", 255); });
    refusing.start("ssh");
    CHECK(!refusing.entries.contains(kOurs));
  }
}

TEST_CASE("a cloud image's drop-in is a distribution's default") {
  Server world;
  world.file("/etc/ssh/sshd_config.d/60-cloudimg-settings.conf", "PasswordAuthentication no\n");
  world.start("ssh");
  CHECK(first_value(world, "passwordauthentication") == "yes");
}

TEST_CASE("what is kept is said, and override = true takes it over") {
  Server world("PermitRootLogin no\n");
  const StepWork work = world.start("ssh");
  REQUIRE(work.notes.size() == 1);
  CHECK(work.notes[0] ==
        "kept \"PermitRootLogin no\" of /etc/ssh/sshd_config line 1; override = true sets \"yes\"");
  world.start("ssh", settings({{"override", true}}));
  CHECK(first_value(world, "permitrootlogin") == "yes");
}

TEST_CASE("the lines that the old boot script appended five times are gone") {
  std::string config = std::string(kDebian) + "Match User git\n  AllowTcpForwarding no\n";
  for (int i = 0; i < 5; ++i) config += "PermitRootLogin yes\n";
  config += "PasswordAuthentication yes\nPermitRootLogin yes\n";
  Server world(config);
  world.start("ssh");
  const std::string text = world.text(kConfig);
  CHECK(text == golden("unit/steps/golden/sshd_config", text));
  CHECK(text.ends_with("Match User git\n  AllowTcpForwarding no\n"));
}

TEST_CASE("host keys belong to one container") {
  Server world;
  world.file("/etc/ssh/ssh_host_rsa_key", "baked into the image", 0600);
  world.start("ssh");
  CHECK(world.text("/etc/ssh/ssh_host_rsa_key") != "baked into the image");
  CHECK(world.look("/etc/ssh/ssh_host_ed25519_key").mode == 0600);
  const std::string first = world.text("/etc/ssh/ssh_host_rsa_key");

  world.start("ssh");
  CHECK(world.text("/etc/ssh/ssh_host_rsa_key") == first);

  SUBCASE("an image saved from it and started elsewhere gets new ones") {
    world.facts.identity = "container:b";
    world.start("ssh");
    CHECK(world.text("/etc/ssh/ssh_host_rsa_key") != first);
  }
  SUBCASE("a key that somebody changed is made anew") {
    world.file("/etc/ssh/ssh_host_rsa_key", "torn", 0600);
    world.start("ssh");
    CHECK(world.text("/etc/ssh/ssh_host_rsa_key") != "torn");
  }
}

TEST_CASE("half-made keys of a run that was killed are cleared away") {
  Server world;
  world.file("/etc/ssh/.bootsman_new_rsa_0123", "half")
      .file("/etc/ssh/.bootsman_new_rsa_0123.pub", "");
  world.start("ssh");
  for (const std::string& name : world.list("/etc/ssh")) CHECK(!name.starts_with(".bootsman_new_"));
  world.file("/etc/ssh/.bootsman_new_rsa_4567", "made after the run that wanted it");
  world.start("ssh");
  CHECK(!world.entries.contains("/etc/ssh/.bootsman_new_rsa_4567"));
  CHECK(world.text("/etc/ssh/ssh_host_rsa_key").starts_with("key "));
}

TEST_CASE("host keys on a volume, or said to be kept, outlive the container") {
  for (const bool volume : {true, false}) {
    Server world;
    const Value with =
        volume ? settings({{"host_keys_dir", "/data/keys"}}) : settings({{"host_keys", "keep"}});
    const std::string folder = volume ? "/data/keys" : "/etc/ssh";
    world.start("ssh", with);
    const std::string key = world.text(folder + "/ssh_host_rsa_key");
    CHECK(key.starts_with("key "));
    world.facts.identity = "container:b";
    world.records.clear();
    world.start("ssh", with);
    CHECK(world.text(folder + "/ssh_host_rsa_key") == key);
    const bool named =
        world.text(kConfig).find("HostKey /data/keys/ssh_host_rsa_key\n") != std::string::npos;
    CHECK(named == volume);
  }
}

TEST_CASE("sessions see the container's environment, quoted, without what is their own") {
  Server world;
  world.facts.env = {{"PATH", "/opt/conda/bin:/usr/sbin:/usr/bin"},
                     {"QUOTES", "it's \"$HOME\" `x` \\"},
                     {"LINES2", "a\nb"},
                     {"HOME", "/root"},
                     {"TERM", "xterm"},
                     {"SSH_AUTH_SOCK", "/x"},
                     {"bad-name", "x"},
                     {"LATIN", "\xff"},
                     {"JOB_PREFIX", "s3://b/数据"},
                     {"HIDDEN", "x"},
                     {"LANG", "zh_CN.UTF-8"}};
  const Value with = settings({{"env_exclude", Value::Array{"HIDDEN"}}});
  world.start("ssh", with);
  const std::string script = world.text("/etc/profile.d/bootsman-env.sh");
  CHECK(script == golden("unit/steps/golden/bootsman-env.sh", script));
  const std::string config = world.text(kConfig);
  CHECK(config.find(
            "SetEnv \"JOB_PREFIX=s3://b/数据\" \"PATH=/opt/conda/bin:/usr/sbin:/usr/bin\"\n") !=
        std::string::npos);
  check_idempotent(world, "ssh", with);
}

TEST_CASE("an sshd before 7.8 gets no SetEnv, an author's own SetEnv stays the only one") {
  Server old(kDebian, false);
  old.facts.env["FOO"] = "x";
  old.start("ssh");
  CHECK(old.text(kConfig).find("SetEnv") == std::string::npos);
  CHECK(first_value(old, "permitrootlogin") == "yes");

  Server own("SetEnv A=b\n");
  own.facts.env["FOO"] = "x";
  own.start("ssh");
  CHECK(own.text(kConfig).find("FOO") == std::string::npos);
}

TEST_CASE("a configuration that sshd refuses is not written") {
  Server world;
  world.program("/usr/sbin/sshd", [](BootWorld&, const CommandLine&) { return printed("", 255); });
  world.start("ssh");
  CHECK(world.text(kConfig) == kDebian);
}

TEST_CASE("without sshd there is nothing to do") {
  BootWorld world;
  CHECK(world.start("ssh").skipped == "sshd is not installed");
}
