#include "steps/planned_files.h"

#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;
using Action = FileForecast::Action;

namespace {

std::optional<FileForecast> make(PlannedFiles& files, const Change& change) {
  return files.make(change);
}

}  // namespace

TEST_CASE("a change is seen in the view and nowhere else") {
  BootWorld world;
  world.file("/etc/pip.conf", "old\n");
  PlannedFiles files(world);
  const auto write = make(files, WriteFile{.path = "/etc/pip.conf", .content = "new\n"});
  REQUIRE(write);
  CHECK(write->before == "old\n");
  CHECK(write->after == "new\n");
  CHECK(write->open_to_all);
  CHECK(!write->mode);
  CHECK(files.read("/etc/pip.conf").value_or("") == "new\n");
  CHECK(world.text("/etc/pip.conf") == "old\n");
}

TEST_CASE("what is as wanted is no change") {
  BootWorld world;
  world.file("/etc/a", "same", 0600).link("/etc/l", "a").folder_("/srv");
  PlannedFiles files(world);
  CHECK(!make(files, WriteFile{.path = "/etc/a", .content = "same"}));
  CHECK(!make(files, WriteFile{.path = "/etc/l", .content = "same"}));
  CHECK(!make(files, MakeLink{"/etc/l", "a"}));
  CHECK(!make(files, MakeDirectory{.path = "/srv"}));
  CHECK(!make(files, RemoveFile{"/etc/none", ""}));
  WriteFile with_fallback{.path = "/etc/a", .content = "better"};
  with_fallback.fallbacks = {"same"};
  CHECK(!make(files, with_fallback));
}

TEST_CASE("a mode alone is a change, and what is not for all is marked") {
  BootWorld world;
  world.file("/etc/shadow", "root:x", 0640).file("/etc/open", "x");
  PlannedFiles files(world);
  const auto shadow = make(files, WriteFile{.path = "/etc/shadow", .content = "root:y"});
  REQUIRE(shadow);
  CHECK(!shadow->open_to_all);
  const auto closed = make(files, WriteFile{.path = "/etc/open", .content = "x", .mode = 0600});
  REQUIRE(closed);
  CHECK(closed->mode == 0600);
  CHECK(!closed->open_to_all);
  const auto token = make(files, WriteFile{.path = "/etc/token", .content = "t", .mode = 0600});
  REQUIRE(token);
  CHECK(!token->open_to_all);
}

TEST_CASE("later layers see what earlier ones would have done") {
  BootWorld world;
  world.file("/etc/bash.bashrc", "first\n").link("/etc/link", "/etc/bash.bashrc");
  PlannedFiles first(world);
  (void)make(first, WriteFile{.path = "/etc/link", .content = "first\nsecond\n"});
  (void)make(first, MakeDirectory{.path = "/srv/a/b"});
  (void)make(first, MakeLink{"/srv/a/to", "b"});
  PlannedFiles second(first);
  CHECK(second.read("/etc/bash.bashrc").value_or("") == "first\nsecond\n");
  CHECK(second.look("/etc/link").kind == PathFact::Kind::Symlink);
  CHECK(second.follow("/srv/a").kind == PathFact::Kind::Directory);
  CHECK(second.follow("/srv/a/to").kind == PathFact::Kind::Directory);
  CHECK(second.list("/srv/a") == std::vector<std::string>{"b", "to"});
  const auto removed = make(second, RemoveFile{"/srv/a/to", ""});
  REQUIRE(removed);
  CHECK(removed->action == Action::Remove);
  CHECK(second.list("/srv/a") == std::vector<std::string>{"b"});
  CHECK(first.list("/srv/a").size() == 2);
}
