#include "base/text.h"
#include "steps/path_pattern.h"
#include "steps/sha256.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

const std::string kHash(64, 'a');
constexpr const char* kModules = "/root/miniconda3/lib/python3.11/site-packages";

Value one(const char* key, const std::string& target, const std::string& value) {
  return settings({{key, Value::Object{{target, value}}}});
}

Value with(Value value, const char* key, Value more) {
  value.set(key, std::move(more));
  return value;
}

}  // namespace

TEST_CASE("targets with wildcards are what is there") {
  BootWorld world;
  world.facts.env["PATH"] = "/venv/bin:/usr/bin";
  for (const char* folder :
       {"/venv/lib/python3.12/site-packages", "/usr/lib/python3/dist-packages",
        "/usr/lib/python3.11/nothing-packages", kModules, "/data/a", "/data/b", "/data/.hidden"})
    for (std::string path = folder; path.size() > 1; path = path.substr(0, path.rfind('/')))
      world.folder_(path);
  world.folder_(std::string(kModules) + "/notebook");
  using Paths = std::vector<std::string>;
  struct Row {
    std::string target;
    Paths paths;
  };
  const Row rows[] = {
      {"/not/there", {"/not/there"}},
      {"/data/*/x", {"/data/a/x", "/data/b/x"}},
      {"/data/[b-z]", {"/data/b"}},
      {"/dat?/a/x", {"/data/a/x"}},
      {"/data/*/*", {}},
      {"/da*/a", {"/data/a"}},
      {"{python}/new.pth",
       {std::string(kModules) + "/new.pth", "/usr/lib/python3/dist-packages/new.pth",
        "/venv/lib/python3.12/site-packages/new.pth"}},
      {"{python}/notebook/logo.png", {std::string(kModules) + "/notebook/logo.png"}},
      {"{python}/absent/logo.png", {}},
  };
  for (const Row& row : rows) {
    INFO(row.target);
    const auto found = expand_target(world.facts, row.target);
    REQUIRE(found);
    CHECK(join(*found, " ") == join(row.paths, " "));
  }
  for (const char* bad : {"", "/", "relative", "/a/../b", "/a//b", "/a/", "/./a", "{python}",
                          "x{python}/y", "{python}/../x"}) {
    INFO(bad);
    CHECK(!expand_target(world.facts, bad));
  }
}

TEST_CASE("texts and copies are written, with their modes, and stay as they are") {
  BootWorld world;
  world.file("/opt/course/start.sh", "echo\n", 0755).file("/opt/big", "x");
  Value settings = with(one("write", "/etc/new/a.conf", "a = 1\n"), "copy",
                        Value::Object{{"/srv/start.sh", "/opt/course/start.sh"}});
  settings.set("modes", Value::Object{{"/etc/new/a.conf", "0640"}});
  world.start("files", settings);
  CHECK(world.text("/etc/new/a.conf") == "a = 1\n");
  CHECK(world.entries["/etc/new/a.conf"].mode == 0640);
  CHECK(world.text("/srv/start.sh") == "echo\n");
  CHECK(world.entries["/srv/start.sh"].mode == 0755);
  check_idempotent(world, "files", settings);
  world.entries["/etc/new/a.conf"].text = "changed\n";
  world.start("files", settings);
  CHECK(world.text("/etc/new/a.conf") == "a = 1\n");
}

TEST_CASE("what a user changed in a home stays, unless overwrite says otherwise") {
  BootWorld world;
  world.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1101:100::/people/alice:/bin/sh\n");
  const char* path = "/people/alice/notes.txt";
  const Value first = one("write", path, "one\n"), second = one("write", path, "two\n");
  const auto planned = world.plan("files", first);
  REQUIRE(planned);
  const auto& write = std::get<WriteFile>(planned->changes.back());
  REQUIRE(write.owner);
  CHECK(write.owner->uid == 1101);
  world.start("files", first);
  world.start("files", second);
  CHECK(world.text(path) == "two\n");
  world.entries[path].text = "mine\n";
  const StepWork kept = world.start("files", second);
  CHECK(world.text(path) == "mine\n");
  REQUIRE(kept.notes.size() == 1);
  CHECK(kept.notes[0] ==
        std::string("kept ") + path + ", which its user has changed; overwrite = true replaces it");
  world.start("files", with(second, "overwrite", true));
  CHECK(world.text(path) == "two\n");
}

TEST_CASE("a download wants its hash, or leave to go without") {
  BootWorld world;
  world.folder_(kModules).folder_(std::string(kModules) + "/notebook");
  world.folder_("/root/miniconda3").folder_("/root/miniconda3/lib");
  world.folder_("/root/miniconda3/lib/python3.11");
  const std::string target = "{python}/notebook/logo.png";
  const std::string url = "https://user:word@files.example/logo.png?key=1";
  const auto work = world.plan("files", one("download", target, url + "#sha256=" + kHash));
  REQUIRE(work);
  REQUIRE(work->changes.size() == 1);
  const auto& fetch = std::get<FetchFile>(work->changes[0]);
  CHECK(fetch.path == std::string(kModules) + "/notebook/logo.png");
  CHECK(fetch.from.url == url);
  CHECK(fetch.from.sha256 == kHash);
  CHECK(fetch.from.max_size == (2ULL << 30));
  CHECK(fetch.from.timeout == Millis(300'000));
  CHECK(work->warnings.empty());
  for (const std::string& end : {std::string(), std::string("#sha256=abc"), "#md5=" + kHash}) {
    const auto refused = world.plan("files", one("download", target, url + end));
    REQUIRE(!refused);
    CHECK(refused.error().message().starts_with(
        "cannot fetch https://files.example/logo.png: write its SHA-256"));
  }
  CHECK(world.plan("files", with(one("download", target, url), "allow_unverified", true)));
  const auto insecure = world.plan(
      "files", with(one("download", target, url + "#sha256=" + kHash), "insecure", true));
  REQUIRE(insecure);
  CHECK(insecure->warnings.size() == 1);
}

TEST_CASE("repositories and folders are filled once, beside their place") {
  BootWorld world;
  world.program("/usr/bin/git").program("/usr/bin/cp");
  world.folder_("/opt/course").folder_("/root/full").file("/root/full/x", "");
  struct Row {
    std::string name;
    const char* key;
    std::string value;
    std::vector<std::string> argv;
  };
  const std::string fresh = "/root/.courses.bootsman-new";
  const Row rows[] = {
      {"a repository",
       "clone",
       "https://git.example/x.git",
       {"/usr/bin/git", "clone", "--quiet", "--", "https://git.example/x.git", fresh}},
      {"its branch",
       "clone",
       "/srv/x.git#main",
       {"/usr/bin/git", "clone", "--quiet", "--branch", "main", "--", "/srv/x.git", fresh}},
      {"a folder", "copy", "/opt/course", {"/usr/bin/cp", "-a", "--", "/opt/course", fresh}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto work = world.plan("files", one(row.key, "/root/courses", row.value));
    REQUIRE(work);
    REQUIRE(work->changes.size() == 1);
    const auto& fill = std::get<FillFolder>(work->changes[0]);
    CHECK(fill.path == "/root/courses");
    CHECK(fill.fresh == fresh);
    CHECK(fill.make.command.argv == row.argv);
    const auto there = world.plan("files", one(row.key, "/root/full", row.value));
    REQUIRE(there);
    CHECK(there->changes.empty());
  }
  for (const char* bad :
       {"http://git.example/x", "ext::sh -c x", "-x", "https://a/b#--upload-pack"})
    CHECK(!world.plan("files", one("clone", "/root/courses", bad)));
  const auto secret = world.plan("files", one("clone", "/a", "ftp://u:word@git.example/x"));
  REQUIRE(!secret);
  CHECK(secret.error().message().find("word") == std::string::npos);
}

TEST_CASE("an archive is fetched beside its folder, or read where it lies") {
  BootWorld world;
  world.folder_("/root/full").file("/root/full/x", "");
  const std::string url = "https://files.example/course.zip";
  const auto fetched = world.plan("files", one("unpack", "/root/course", url + "#sha256=" + kHash));
  REQUIRE(fetched);
  REQUIRE(fetched->changes.size() == 1);
  const auto& fill = std::get<FillFolder>(fetched->changes[0]);
  CHECK(fill.path == "/root/course");
  CHECK(fill.make.intent == "unpack " + url + " to /root/course");
  REQUIRE(fill.archive);
  CHECK(fill.archive->path == "/root/.course.bootsman-new.archive");
  CHECK(fill.archive->max_size == std::uint64_t{20} << 30);
  REQUIRE(fill.archive->from);
  CHECK(fill.archive->from->sha256 == kHash);

  const auto local = world.plan("files", one("unpack", "/srv/course", "/opt/course.tar.gz"));
  REQUIRE(local);
  const auto& here = std::get<FillFolder>(local->changes.at(local->changes.size() - 1));
  REQUIRE(here.archive);
  CHECK(here.archive->path == "/opt/course.tar.gz");
  CHECK(!here.archive->from);

  const auto there = world.plan("files", one("unpack", "/root/full", "/opt/course.tar.gz"));
  REQUIRE(there);
  CHECK(there->changes.empty());
  CHECK(!world.plan("files", one("unpack", "/root/course", url)));
  CHECK(!world.plan("files", with(one("unpack", "/a", "/b.zip"), "max_unpacked", "2")));
}

TEST_CASE("a source that is missing costs its target alone") {
  BootWorld world;
  Value both = one("copy", "/srv/a", "/opt/absent");
  both.set("write", Value::Object{{"/srv/b", "b"}});
  const StepWork work = world.start("files", both);
  CHECK(work.warnings.size() == 1);
  CHECK(world.text("/srv/b") == "b");
  CHECK(world.start("files").skipped == "nothing is set");
  CHECK(!world.plan("files", with(both, "modes", Value::Object{{"/srv/b", "99"}})));
  CHECK(!world.plan("files", with(both, "max_size", "2")));
  CHECK(!world.plan("files", with(both, "time_limit", "2")));
}
