#include "sys/file.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "lib/skip.h"
#include "shell_unit/helper/folder.h"

using namespace bootsman;
using test::Folder;

namespace {

int g_calls = 0;
int g_kill_at = 0;
int g_fail_at = 0;
int g_fail_code = 0;

int count_only(const char*) {
  ++g_calls;
  return 0;
}
int kill_at(const char*) {
  if (++g_calls == g_kill_at) ::kill(::getpid(), SIGKILL);
  return 0;
}
int fail_at(const char*) {
  return ++g_calls == g_fail_at ? g_fail_code : 0;
}

struct FaultGuard {
  explicit FaultGuard(FileFault fault) {
    g_calls = 0;
    set_file_fault(fault);
  }
  ~FaultGuard() { set_file_fault(nullptr); }
};

std::string text_of(const std::string& path) {
  return read_file(path).value_or("(missing)");
}

/// Steps of one write, found by counting.
int steps_of_a_write(const std::string& path) {
  const FaultGuard guard(count_only);
  REQUIRE(write_file(path, "count"));
  return g_calls;
}

/// Runs the write in a child that dies before the given step.
void write_and_die(const std::string& path, const std::string& content, int step) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    g_kill_at = step;
    g_calls = 0;
    set_file_fault(kill_at);
    (void)write_file(path, content);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

/// A tmpfs of this size on the folder; false where we may not mount.
bool small_disk(const std::string& path, const char* size) {
  return ::mount("tmpfs", path.c_str(), "tmpfs", 0, (std::string("size=") + size).c_str()) == 0;
}

}  // namespace

TEST_CASE("a write cut off at any step leaves the old or the new bytes, the next leaves no trace") {
  const Folder folder;
  const std::string path = folder / "file";
  const int steps = steps_of_a_write(path);
  CHECK(steps >= 5);
  for (int step = 1; step <= steps; ++step) {
    INFO("killed before step " << step);
    REQUIRE(write_file(path, "old bytes"));
    write_and_die(path, "new bytes", step);
    const std::string left = text_of(path);
    CHECK((left == "old bytes" || left == "new bytes"));
    REQUIRE(write_file(path, "new bytes"));
    CHECK(text_of(path) == "new bytes");
    CHECK(list_directory(folder.path) == std::vector<std::string>{"file"});
  }
}

TEST_CASE("a step that fails is an error, and the old bytes stay") {
  const Folder folder;
  const std::string path = folder / "file";
  const int steps = steps_of_a_write(path);
  // The last step syncs the folder: the file is in place by then.
  for (int step = 1; step < steps; ++step) {
    INFO("step " << step);
    REQUIRE(write_file(path, "old"));
    {
      g_fail_at = step;
      g_fail_code = ENOSPC;
      const FaultGuard guard(fail_at);
      const auto result = write_file(path, "new");
      REQUIRE(!result);
      CHECK(result.error().message == "cannot write " + path + ": No space left on device");
      CHECK(!result.error().refused());
    }
    CHECK(text_of(path) == "old");
    CHECK(list_directory(folder.path) == std::vector<std::string>{"file"});
  }
}

TEST_CASE("writing the same bytes touches nothing") {
  const Folder folder;
  const std::string path = folder / "file";
  CHECK(write_file(path, "a") == true);
  struct stat before = {}, after = {};
  REQUIRE(::stat(path.c_str(), &before) == 0);
  CHECK(write_file(path, "a") == false);
  REQUIRE(::stat(path.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
}

TEST_CASE("mode and owner of the old file are kept, a new file has the mode asked for") {
  const Folder folder;
  const std::string path = folder / "file";
  REQUIRE(write_file(path, "a", {.mode = 0600}));
  CHECK(stat_file(path).mode == 0600);
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  if (::geteuid() == 0) REQUIRE(::chown(path.c_str(), 12345, 54321) == 0);
  REQUIRE(write_file(path, "b"));
  CHECK(stat_file(path).mode == 0640);
  if (::geteuid() == 0) CHECK(stat_file(path).uid == 12345);
  if (::geteuid() == 0) CHECK(stat_file(path).gid == 54321);
  CHECK(write_file(path, "b", {.mode = 0600}) == true);
  CHECK(stat_file(path).mode == 0600);
}

TEST_CASE("a symlink keeps its place and its target is written, unless it shall be replaced") {
  const Folder folder;
  REQUIRE(write_file(folder / "real", "old"));
  REQUIRE(::symlink("real", (folder / "link").c_str()) == 0);
  REQUIRE(write_file(folder / "link", "new"));
  CHECK(stat_file(folder / "link").link == "real");
  CHECK(text_of(folder / "real") == "new");

  REQUIRE(write_file(folder / "link", "own", {.mode = 0755, .follow = false}));
  CHECK(stat_file(folder / "link").kind == FileKind::Regular);
  CHECK(text_of(folder / "real") == "new");

  REQUIRE(::symlink("loop", (folder / "loop").c_str()) == 0);
  CHECK(!write_file(folder / "loop", "x"));
}

TEST_CASE("what is no file is refused") {
  const Folder folder;
  CHECK(!write_file(folder.path, "x"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(!write_file(folder / "pipe", "x"));
  CHECK(!read_file(folder / "pipe"));
  CHECK(!read_file(folder.path));
  CHECK(!read_file(folder / "nothing"));
  REQUIRE(write_file(folder / "big", std::string(100, 'x')));
  CHECK(!read_file(folder / "big", 99));
  CHECK(read_file(folder / "big", 100).has_value());
}

TEST_CASE("a file that is a mount point is written in place, in full and cut to length") {
  const Folder folder;
  const std::string path = folder / "mounted";
  REQUIRE(write_file(folder / "source", "long old content"));
  REQUIRE(write_file(path, ""));
  if (::mount((folder / "source").c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return test::skip("may not mount");
  CHECK(write_file(path, "short") == true);
  CHECK(text_of(folder / "source") == "short");
  CHECK(write_file(path, "a longer content than before") == true);
  CHECK(text_of(path) == "a longer content than before");
  {
    const FaultGuard guard(
        [](const char* step) { return std::string_view(step) == "write in place" ? EIO : 0; });
    CHECK(!write_file(path, "a content that is still longer than that before"));
  }
  // Nor is it longer by the space that was reserved.
  CHECK(text_of(path) == "a longer content than before");

  REQUIRE(::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0);
  const auto refused = write_file(path, "x");
  REQUIRE(!refused);
  CHECK(refused.error().refused());
  CHECK(text_of(path) == "a longer content than before");
  REQUIRE(::umount(path.c_str()) == 0);
  CHECK(list_directory(folder.path) == std::vector<std::string>{"mounted", "source"});
}

TEST_CASE("a full disk and a read-only one are clean errors") {
  const Folder folder;
  if (!small_disk(folder.path, "16k")) return test::skip("may not mount");
  REQUIRE(write_file(folder / "file", "old"));
  const auto full = write_file(folder / "file", std::string(64 * 1024, 'x'));
  REQUIRE(!full);
  CHECK(full.error().code == ENOSPC);
  CHECK(text_of(folder / "file") == "old");
  CHECK(list_directory(folder.path) == std::vector<std::string>{"file"});

  REQUIRE(::mount(nullptr, folder.path.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  const auto read_only = write_file(folder / "file", "new");
  REQUIRE(!read_only);
  CHECK(read_only.error().refused());
  CHECK(read_only.error().message ==
        "cannot write " + (folder / "file") + ": Read-only file system");
  CHECK(!make_directories(folder / "a/b"));
  CHECK(!remove_file(folder / "file"));
  CHECK(!replace_link(folder / "link", "x"));
  CHECK(write_file(folder / "file", "old") == false);
  REQUIRE(::umount(folder.path.c_str()) == 0);
}

TEST_CASE("links, folders and removals say whether they changed anything") {
  const Folder folder;
  CHECK(make_directories(folder / "a/b/c", 0700) == true);
  CHECK(stat_file(folder / "a/b/c").mode == 0700);
  CHECK(stat_file(folder / "a/b").mode == 0755);
  CHECK(make_directories(folder / "a/b/c", 0700) == false);
  REQUIRE(write_file(folder / "plain", ""));
  CHECK(!make_directories(folder / "plain/x"));

  CHECK(replace_link(folder / "plain", "there") == true);
  CHECK(replace_link(folder / "plain", "there") == false);
  CHECK(stat_file(folder / "plain").link == "there");
  CHECK(!replace_link(folder / "a", "there"));

  CHECK(remove_file(folder / "plain") == true);
  CHECK(remove_file(folder / "plain") == false);
}

TEST_CASE("the password lock waits for its holder, but not for ever") {
  const Folder folder;
  const std::string path = folder / "lock";
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t holder = ::fork();
  REQUIRE(holder >= 0);
  if (holder == 0) {
    const auto lock = PasswordLock::take(path, std::chrono::milliseconds(0));
    (void)!::write(ends[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ends[0], &byte, 1) == 1);
  const auto busy = PasswordLock::take(path, std::chrono::milliseconds(50));
  CHECK(!busy);
  ::kill(holder, SIGKILL);
  REQUIRE(::waitpid(holder, nullptr, 0) == holder);
  CHECK(PasswordLock::take(path, std::chrono::milliseconds(50)).has_value());
  CHECK(PasswordLock::take("/proc/none/lock", std::chrono::milliseconds(50)).has_value());
  ::close(ends[0]);
  ::close(ends[1]);
}
