#include "sys/new_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "shell_unit/helper/folder.h"

using namespace bootsman;
using test::Folder;

TEST_CASE("a new file is there only after its commit, with the old one's mode") {
  const Folder folder;
  const std::string path = folder / "file";
  REQUIRE(write_file(path, "old", {0640, true}));
  {
    auto file = NewFile::create(path);
    REQUIRE(file);
    REQUIRE(file->append("new "));
    REQUIRE(file->append("bytes"));
    CHECK(read_file(path).value_or("") == "old");
    REQUIRE(file->commit());
  }
  CHECK(read_file(path).value_or("") == "new bytes");
  CHECK(stat_file(path).mode == 0640);
  CHECK(list_directory(folder.path) == std::vector<std::string>{"file"});
}

TEST_CASE("a new file has the owner that is asked for") {
  if (::geteuid() != 0) return;
  const Folder folder;
  auto file = NewFile::create(folder / "file", {0600, true, FileId{1101, 100}});
  REQUIRE(file);
  REQUIRE(file->commit());
  CHECK(stat_file(folder / "file").uid == 1101);
  CHECK(stat_file(folder / "file").gid == 100);
  REQUIRE(write_file(folder / "file", "x", {0600, true, FileId{1, 2}}));
  CHECK(stat_file(folder / "file").uid == 1);
  CHECK(write_file(folder / "file", "x", {0600, true, FileId{1, 2}}).value_or(true) == false);
  CHECK(write_file(folder / "file", "x", {0600, true, FileId{3, 2}}).value_or(false));
  CHECK(stat_file(folder / "file").uid == 3);
}

TEST_CASE("a new file that is dropped leaves nothing") {
  const Folder folder;
  {
    auto file = NewFile::create(folder / "file");
    REQUIRE(file);
    REQUIRE(file->append("half"));
  }
  CHECK(list_directory(folder.path).empty());
}

TEST_CASE("a new file goes where a symlink points, and takes over what a killed run left") {
  const Folder folder;
  REQUIRE(::symlink("real", (folder / "link").c_str()) == 0);
  REQUIRE(write_file(temporary_name(folder / "real"), "left by a killed run"));
  auto file = NewFile::create(folder / "link");
  REQUIRE(file);
  REQUIRE(file->append("x"));
  REQUIRE(file->commit());
  CHECK(stat_file(folder / "link").kind == FileKind::Symlink);
  CHECK(read_file(folder / "real").value_or("") == "x");
  CHECK(stat_file(folder / "real").mode == 0644);
  CHECK(list_directory(folder.path) == std::vector<std::string>{"link", "real"});
}

TEST_CASE("a new file in the place of a folder, or in no folder, is an error") {
  const Folder folder;
  const auto at_folder = NewFile::create(folder.path);
  REQUIRE_FALSE(at_folder);
  CHECK(at_folder.error().code == EISDIR);
  const auto nowhere = NewFile::create(folder / "no/file");
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == ENOENT);
}
