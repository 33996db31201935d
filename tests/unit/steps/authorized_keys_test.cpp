#include "steps/public_keys.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

const std::string kBlob = "AAAAC3NzaC1lZDI1NTE5AAAAIGk3m0q8xw2nQ1b5r4";
const std::string kAlice = "ssh-ed25519 " + kBlob + "alice alice@laptop";
const std::string kBob = "ssh-rsa " + kBlob + "bob";
constexpr const char* kFile = "/root/.ssh/authorized_keys";

std::string block(const std::string& keys) {
  return "# >>> bootsman authorized_keys >>>\n" + keys + "# <<< bootsman authorized_keys <<<\n";
}

struct Home : BootWorld {
  Home() {
    file("/etc/passwd",
         "root:x:0:0::/root:/bin/bash\nalice:x:1101:100::/people/alice:/bin/sh\n"
         "daemon:x:1:1::/nonexistent:/bin/false\n");
    folder_("/people/alice");
  }
  Home& given(const std::string& text) {
    facts.env["AUTHORIZED_KEYS"] = text;
    return *this;
  }
};

Value for_user(const char* user) {
  return settings({{"users", Value::Array{user}}});
}

}  // namespace

TEST_CASE("keys of every source go into one block, each once") {
  Home world;
  world.given(kAlice + "\n").file("/keys", "# comment\n\n" + kBob + "\n" + kAlice);
  world.file("/more", "ssh-dss " + kBlob);
  world.facts.env["AUTHORIZED_KEYS_FILE"] = "/more";
  const std::string ed = "command=\"say \\\"hi there\\\"\",no-pty ssh-ed25519 " + kBlob + " x";
  const Value with = settings({{"file", "/keys"}, {"keys", Value::Array{ed}}});
  world.start("authorized_keys", with);
  CHECK(world.text(kFile) == block(kAlice + "\n" + ed + "\nssh-dss " + kBlob + "\n" + kBob + "\n"));
  CHECK(world.entries[kFile].mode == 0600);
  CHECK(world.entries["/root/.ssh"].mode == 0700);
  check_idempotent(world, "authorized_keys", with);
}

TEST_CASE("what a user has put there stays, and a key that is taken away goes") {
  Home world;
  world.folder_("/root/.ssh").file(kFile, kBob + "\n", 0640);
  world.given(kAlice).start("authorized_keys");
  CHECK(world.text(kFile) == kBob + "\n" + block(kAlice + "\n"));
  CHECK(world.entries[kFile].mode == 0640);
  world.given("").start("authorized_keys");
  CHECK(world.text(kFile) == kBob + "\n");
  CHECK(world.start("authorized_keys").skipped == "no keys are given");
}

TEST_CASE("rights that sshd refuses are taken away where they are ours to set, else said") {
  Home world;
  world.folder_("/root/.ssh").file(kFile, kBob + "\n", 0666);
  world.entries["/root/.ssh"].mode = 0777;
  world.entries["/root"].mode = 0775;
  const StepWork work = world.given(kAlice).start("authorized_keys");
  CHECK(world.entries[kFile].mode == 0644);
  CHECK(world.entries["/root/.ssh"].mode == 0755);
  CHECK(world.entries["/root"].mode == 0775);
  REQUIRE(work.warnings.size() == 1);
  CHECK(work.warnings[0].find("chmod go-w") != std::string::npos);
}

TEST_CASE("a user's file is the user's, and where sshd looks") {
  Home world;
  const auto work = world.given(kAlice).plan("authorized_keys", for_user("alice"));
  REQUIRE(work);
  REQUIRE(work->changes.size() == 2);
  const auto& folder = std::get<MakeDirectory>(work->changes[0]);
  const auto& write = std::get<WriteFile>(work->changes[1]);
  REQUIRE(folder.owner);
  REQUIRE(write.owner);
  CHECK(folder.path == "/people/alice/.ssh");
  CHECK(folder.owner->uid == 1101);
  CHECK(write.owner->gid == 100);

  struct Row {
    const char* setting;
    const char* path;
  };
  const Row rows[] = {
      {"AuthorizedKeysFile .ssh/keys .ssh/keys2\n", "/people/alice/.ssh/keys"},
      {"AuthorizedKeysFile /etc/keys/%u\n", "/etc/keys/alice"},
      {"AuthorizedKeysFile %h/.keys\n", "/people/alice/.keys"},
  };
  for (const Row& row : rows) {
    INFO(row.setting);
    Home other;
    other.file("/etc/ssh/sshd_config", row.setting);
    other.given(kAlice).start("authorized_keys", for_user("alice"));
    CHECK(other.text(row.path) == block(kAlice + "\n"));
  }
}

TEST_CASE("a user's link does not lead root to write elsewhere") {
  Home world;
  world.link("/people/alice/.ssh", "/etc");
  const auto work = world.given(kAlice).plan("authorized_keys", for_user("alice"));
  REQUIRE(!work);
  CHECK(work.error().message().starts_with("cannot write /people/alice/.ssh/authorized_keys: "));
  world.link("/root/.ssh", "/people");
  world.start("authorized_keys");
  CHECK(world.text("/people/authorized_keys") == "(missing)");
}

TEST_CASE("a user that is not there is an error, one without a home a warning") {
  Home world;
  CHECK(!world.given(kAlice).plan("authorized_keys", for_user("nobody-here")));
  const auto work = world.plan("authorized_keys", for_user("daemon"));
  REQUIRE(work);
  CHECK(work->warnings.size() == 1);
  CHECK(work->changes.empty());
}

TEST_CASE("while the server of the url is away the keys of an earlier start stay") {
  Home world;
  const Value with = settings({{"url", "https://keys.example/team"}});
  WebText answer{kBob + "\n", ""};
  bool away = false;
  world.facts.fetch = [&](const WebFile& file) -> Result<WebText> {
    CHECK(file.url == "https://keys.example/team");
    CHECK(!file.insecure);
    if (away) return fail("cannot fetch https://keys.example/team: connection refused");
    return answer;
  };
  world.given(kAlice).start("authorized_keys", with);
  const std::string both = block(kAlice + "\n" + kBob + "\n");
  CHECK(world.text(kFile) == both);
  away = true;
  const StepWork work = world.start("authorized_keys", with);
  REQUIRE(work.warnings.size() == 1);
  CHECK(work.warnings[0].ends_with("; the keys of an earlier start stay"));
  CHECK(world.text(kFile) == both);
  // The first start of another container: what is known counts.
  world.entries.erase(kFile);
  world.start("authorized_keys", with);
  CHECK(world.text(kFile) == block(kAlice + "\n"));
}

TEST_CASE("what is no public key is named by its line, never shown") {
  struct Row {
    std::string text;
    std::size_t good;
    std::size_t wrong;
  };
  const Row rows[] = {
      {"", 0, 0},
      {kAlice + "\r\n" + kBob, 2, 0},
      {kAlice + "\n" + kAlice, 1, 0},
      {"hello world\n" + kAlice, 1, 1},
      {"ssh-ed25519 short", 0, 1},
      {"ssh-ed25519 BBBB" + kBlob, 0, 1},
      {"ssh-unknown " + kBlob, 0, 1},
      {"cert-authority,principals=\"a b\" ssh-ed25519 " + kBlob, 1, 0},
      {"sk-ssh-ed25519@openssh.com " + kBlob + " k", 1, 0},
      {"ssh-ed25519-cert-v01@openssh.com " + kBlob, 1, 0},
      {"command=\"unfinished ssh-ed25519 " + kBlob, 0, 1},
      {"command=\"ends in a backslash \\", 0, 1},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto keys = parse_public_keys(row.text, "AUTHORIZED_KEYS");
    REQUIRE(keys);
    CHECK(keys->lines.size() == row.good);
    CHECK(keys->wrong.size() == row.wrong);
    for (const std::string& wrong : keys->wrong)
      CHECK(wrong.ends_with(" of AUTHORIZED_KEYS is no public key"));
  }
  const auto secret = parse_public_keys("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n", "x");
  REQUIRE(!secret);
  CHECK(secret.error().message().find("secret") == std::string::npos);
}
