#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/bash\nme:x:1000:1000::/srv/me:/bin/sh\nold:$6$s$<a>:5:5::/:\n";

struct Accounts : BootWorld {
  explicit Accounts(std::string root_hash = "*") {
    file("/etc/passwd", kPasswd);
    file("/etc/shadow", "root:" + root_hash + ":19000:0:99999:7:::\nme:!:19000:0:99999:7:::\n",
         0640);
  }
  std::string hash(const std::string& user) const {
    const std::string shadow = "\n" + text("/etc/shadow");
    const auto at = shadow.find("\n" + user + ":");
    if (at == std::string::npos) return "(none)";
    const auto start = at + user.size() + 2;
    return shadow.substr(start, shadow.find(':', start) - start);
  }
  bool verifies(const std::string& user, const std::string& secret) const {
    return hash(user).ends_with("$<" + hashed(secret) + ">");
  }
};

}  // namespace

TEST_CASE("the file's lines become passwords, and the file goes") {
  struct Row {
    std::string name;
    std::string text;
    const char* user;
    const char* secret;
  };
  const Row rows[] = {
      {"one line", "root:s3cret\n", "root", "s3cret"},
      {"no line end", "root:s3cret", "root", "s3cret"},
      {"a file from Windows: the return is no part of the password", "root:s3cret\r\n", "root",
       "s3cret"},
      {"colons and spaces belong to the password", "root: a:b c \n", "root", " a:b c "},
      {"blank lines are nothing", "\n\nroot:x y\n\n", "root", "x y"},
      {"several users", "root:1\nme:2\n", "me", "2"},
      {"the last line of a user counts", "root:1\nroot:2\n", "root", "2"},
      {"the public default, when somebody asks for it", "root:123456\n", "root", "123456"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Accounts world;
    world.file("/sync/root-passwd", row.text);
    world.start("password");
    CHECK(world.verifies(row.user, row.secret));
    CHECK(!world.entries.contains("/sync/root-passwd"));
    CHECK(world.look("/etc/shadow").mode == 0640);
    check_idempotent(world, "password");
    CHECK(world.verifies(row.user, row.secret));
  }
}

TEST_CASE("the change is dated and the rest of the line stays") {
  Accounts world;
  world.file("/sync/root-passwd", "me:2\n");
  world.start("password");
  const std::string shadow = world.text("/etc/shadow");
  CHECK(shadow.starts_with("root:*:19000:0:99999:7:::\nme:$6$"));
  CHECK(shadow.ends_with("$<2>:20000:0:99999:7:::\n"));
}

TEST_CASE("a bad line changes nothing, and is named without what it holds") {
  struct Row {
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"root:good\ns3cret\n",
       "cannot read /sync/root-passwd line 2: write user:secret; no password was changed"},
      {"root:good\nnobody:s3cret\n",
       "cannot apply /sync/root-passwd line 2: /etc/passwd has no user \"nobody\"; "
       "no password was changed"},
      {"root:\n",
       "cannot apply /sync/root-passwd line 1: the secret is empty or holds a zero byte; "
       "no password was changed"},
  };
  for (const Row& row : rows) {
    Accounts world;
    world.file("/sync/root-passwd", row.text);
    CHECK(world.start("password").skipped == std::string("FAILED ") + row.error);
    CHECK(world.hash("root") == "*");
    CHECK(world.entries.contains("/sync/root-passwd"));
  }
}

TEST_CASE("hashes are taken as they are when the setting says so") {
  Accounts world;
  world.file("/sync/root-passwd", "root:$6$salt$<x>\n");
  world.start("password", settings({{"hashed", true}}));
  CHECK(world.hash("root") == "$6$salt$<x>");

  world.file("/sync/root-passwd", "root:not a hash\n");
  CHECK(world.start("password", settings({{"hashed", true}})).skipped.starts_with("FAILED"));
}

TEST_CASE("without any source a usable password stays and the public default is locked") {
  struct Row {
    std::string name;
    const char* hash;
    bool allowed;
    const char* after;
  };
  const Row rows[] = {
      {"a password of the image's author", "$6$salt$<other>", false, "$6$salt$<other>"},
      {"the public default", "$6$salt$<123456>", false, "*"},
      {"the public default, allowed", "$6$salt$<123456>", true, "$6$salt$<123456>"},
      {"locked already", "!", false, "!"},
      {"a method that is not known here", "$1$salt$<123456>", false, "$1$salt$<123456>"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    Accounts world(row.hash);
    const Value with = settings({{"allow_default_password", row.allowed}});
    const StepWork work = world.start("password", with);
    CHECK(world.hash("root") == row.after);
    CHECK(work.warnings.empty() == (row.hash == std::string(row.after)));
    check_idempotent(world, "password", with);
  }
}

TEST_CASE("ROOT_PASSWORD counts when it changes, not at each start") {
  Accounts world;
  world.facts.secrets["ROOT_PASSWORD"] = "first";
  const StepWork work = world.start("password");
  CHECK(world.verifies("root", "first"));
  CHECK(work.wipe == std::vector<std::string>{"ROOT_PASSWORD"});

  // The user runs passwd(1); a restart must not undo it.
  std::string& shadow = world.entries["/etc/shadow"].text;
  shadow.replace(shadow.find("<first>"), 7, "<own>");
  world.start("password");
  CHECK(world.verifies("root", "own"));

  world.facts.secrets["ROOT_PASSWORD"] = "second";
  world.start("password");
  CHECK(world.verifies("root", "second"));

  // An image saved from here and started elsewhere is a new container.
  shadow.replace(shadow.find("<second>"), 8, "<own>");
  world.facts.identity = "container:b";
  world.start("password");
  CHECK(world.verifies("root", "second"));
}

TEST_CASE("the file wins over ROOT_PASSWORD, also after a restart without the file") {
  Accounts world;
  world.facts.secrets["ROOT_PASSWORD"] = "env";
  world.file("/sync/root-passwd", "root:file\n");
  world.start("password");
  world.start("password");
  CHECK(world.verifies("root", "file"));
}

TEST_CASE("a password may come as ROOT_PASSWORD_FILE") {
  Accounts world;
  world.file("/run/secrets/root", "from file\n");
  world.facts.env["ROOT_PASSWORD_FILE"] = "/run/secrets/root";
  world.start("password");
  CHECK(world.verifies("root", "from file"));
}

TEST_CASE("accounts without a line in /etc/shadow are changed where their hash is") {
  Accounts world;
  world.file("/sync/root-passwd", "old:new\n");
  world.start("password");
  CHECK(world.text("/etc/passwd").find("old:$6$") != std::string::npos);
  CHECK(world.text("/etc/passwd").find("$<new>:5:5::/:\n") != std::string::npos);

  world.entries.erase("/etc/shadow");
  world.file("/sync/root-passwd", "root:new\n");
  world.start("password");
  CHECK(world.verifies("root", "new"));
  CHECK(world.look("/etc/shadow").mode == 0600);
}

TEST_CASE("salts of one run differ") {
  Accounts world;
  world.facts.random = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-";
  world.file("/sync/root-passwd", "root:same\nme:same\n");
  world.start("password");
  CHECK(world.hash("root") != world.hash("me"));
}
