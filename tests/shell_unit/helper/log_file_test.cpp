#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "folder.h"
#include "helper/log_file_task.h"

namespace bootsman {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

TEST_CASE("a log file that would grow too large is put aside, and so many are kept") {
  const test::Folder folder;
  const std::string path = folder / "deep/a.log";
  RotatingFile file(path, 10, 2);
  for (const char* line : {"one....\n", "two....\n", "three..\n", "four...\n"}) file.write(line);
  CHECK(text_of(path) == "four...\n");
  CHECK(text_of(path + ".1") == "three..\n");
  CHECK(text_of(path + ".2") == "two....\n");
  CHECK_FALSE(std::filesystem::exists(path + ".3"));
  CHECK(file.take_trouble().empty());
}

TEST_CASE("lines that come together are parted between two, and size 0 never rotates") {
  const test::Folder folder;
  RotatingFile small(folder / "a", 8, 9);
  small.write("one\ntwo\nthree, which is long\nfour\n");
  CHECK(text_of(folder / "a.2") == "one\ntwo\n");
  CHECK(text_of(folder / "a.1") == "three, which is long\n");
  CHECK(text_of(folder / "a") == "four\n");
  RotatingFile endless(folder / "b", 0, 1);
  for (int i = 0; i < 100; ++i) endless.write("line\n");
  CHECK(text_of(folder / "b").size() == 500);
}

TEST_CASE("a log file is gone on with, and a line that a crash cut off is ended") {
  const test::Folder folder;
  write_text(folder / "a", "whole\ncut of");
  RotatingFile(folder / "a", 0, 1).write("next\n");
  CHECK(text_of(folder / "a") == "whole\ncut of\nnext\n");
}

TEST_CASE("a rotation that was interrupted anywhere loses nothing") {
  // After each of the renames of FILE.1 → FILE.2, FILE → FILE.1, and before the new file.
  struct Row {
    const char* name;
    std::vector<std::string> there;
  };
  for (const Row& row :
       {Row{"before the first rename", {"a", "a.1"}}, Row{"behind the first", {"a", "a.2"}},
        Row{"behind the second", {"a.1", "a.2"}}}) {
    CAPTURE(row.name);
    const test::Folder folder;
    for (const std::string& name : row.there) write_text(folder / name, name + "\n");
    RotatingFile(folder / "a", 0, 3).write("new\n");
    std::string all;
    for (const char* name : {"a", "a.1", "a.2"}) all += text_of(folder / name);
    for (const std::string& name : row.there) CHECK(all.find(name + "\n") != std::string::npos);
    CHECK(all.find("new\n") != std::string::npos);
  }
}

TEST_CASE("asked to rotate: the file is put aside, or opened anew where somebody else has") {
  const test::Folder folder;
  RotatingFile file(folder / "a", 0, 3);
  file.rotate();
  CHECK_FALSE(std::filesystem::exists(folder / "a.1"));
  file.write("one\n");
  file.rotate();
  file.write("two\n");
  CHECK(text_of(folder / "a.1") == "one\n");
  std::filesystem::rename(folder / "a", folder / "by-others");
  file.rotate();
  file.write("three\n");
  CHECK(text_of(folder / "by-others") == "two\n");
  CHECK(text_of(folder / "a") == "three\n");
  CHECK(text_of(folder / "a.1") == "one\n");
}

TEST_CASE("what cannot be written is counted, and said in the file once it can be") {
  const test::Folder folder;
  std::filesystem::create_directory(folder / "a");
  RotatingFile file(folder / "a", 0, 1);
  file.write("lost one\n");
  file.write("lost two\n");
  const std::string trouble = file.take_trouble();
  CHECK(trouble.find("cannot open the log file " + (folder / "a")) == 0);
  CHECK(file.take_trouble().empty());
  std::filesystem::remove(folder / "a");
  file.write("kept\n");
  CHECK(text_of(folder / "a") == "[bootsman: 18 B were lost here]\nkept\n");
}

TEST_CASE("a FIFO is no log file") {
  const test::Folder folder;
  REQUIRE(::mkfifo((folder / "a").c_str(), 0600) == 0);
  RotatingFile file(folder / "a", 0, 1);
  CHECK(file.take_trouble().find(": it is no regular file;") != std::string::npos);
}

TEST_CASE("a symbolic link is no log file: it could lead anywhere") {
  const test::Folder folder;
  write_text(folder / "shadow", "root:x\n");
  std::filesystem::create_symlink(folder / "shadow", folder / "a");
  RotatingFile file(folder / "a", 0, 1);
  file.write("root::\n");
  CHECK(file.take_trouble().find(": it is a symbolic link; name the file that it leads to;") !=
        std::string::npos);
  CHECK(text_of(folder / "shadow") == "root:x\n");
}

TEST_CASE("a log file that somebody removes is made anew, with its folder") {
  const test::Folder folder;
  const std::string path = folder / "deep/a";
  RotatingFile file(path, 20, 2);
  file.write("one\n");
  std::filesystem::remove_all(folder / "deep");
  file.write("two\n");
  CHECK(text_of(path) == "two\n");
  std::filesystem::remove_all(folder / "deep");
  file.rotate();
  file.write("three\n");
  CHECK(text_of(path) == "three\n");
  // Renamed by others, it is none of ours, and what stands in its place is not put aside.
  std::filesystem::rename(path, folder / "by-others");
  write_text(path, "theirs\n");
  file.write("a line that does not fit\n");
  CHECK(text_of(folder / "by-others") == "three\n");
  CHECK(text_of(path).find("theirs\n") == 0);
}

TEST_CASE("a log file that cannot be put aside grows on, and pushes no older one out") {
  const test::Folder folder;
  std::filesystem::create_directory(folder / "a.1");
  write_text(folder / "b.2", "old\n");
  RotatingFile file(folder / "a", 8, 1);
  for (int i = 0; i < 3; ++i) {
    file.write("line\n");
    const std::string trouble = file.take_trouble();
    CHECK((trouble.find("cannot put the log file " + (folder / "a") + " aside: ") == 0) ==
          (i == 1));
  }
  CHECK(text_of(folder / "a") == "line\nline\nline\n");
  RotatingFile other(folder / "b", 8, 2);
  for (int i = 0; i < 2; ++i) other.write("line\n");
  CHECK(text_of(folder / "b.1") == "line\n");
  CHECK(text_of(folder / "b.2") == "old\n");
}

}  // namespace
}  // namespace bootsman
