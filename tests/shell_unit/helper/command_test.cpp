#include "helper/command.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>

#include "shell_unit/helper/folder.h"
#include "sys/file.h"

using namespace bootsman;

namespace {

Result<CommandOutput> sh(const std::string& script, Millis timeout = Millis(5000),
                         std::string input = "") {
  return run_command({{"/bin/sh", "-c", script}, std::move(input), timeout},
                     {{"PATH", "/usr/bin:/bin"}, {"FOO", "a b"}});
}

}  // namespace

TEST_CASE("a command gets its input and environment, and its outputs are told apart") {
  const auto output = sh("cat; echo \"$FOO\"; echo oops >&2; exit 3", Millis(5000), "in\n");
  REQUIRE(output);
  CHECK(output->out == "in\na b\n");
  CHECK(output->text == "oops\n");
  CHECK(output->status == ExitStatus::exited(3));
  CHECK(!output->timed_out);
}

TEST_CASE("output beyond the limit is cut, the program is not blocked by it") {
  const auto output = sh("head -c 3000000 /dev/zero; head -c 100000 /dev/zero >&2");
  REQUIRE(output);
  CHECK(output->out.size() == 1U << 20);
  CHECK(output->text.size() == 16U << 10);
  CHECK(output->status.success());
}

TEST_CASE("input that nobody reads does not block") {
  const auto output = sh("exec true", Millis(5000), std::string(1U << 20, 'x'));
  REQUIRE(output);
  CHECK(output->status.success());
}

TEST_CASE("when the time is over the whole group is killed") {
  const test::Folder folder;
  const auto start = std::chrono::steady_clock::now();
  const auto output =
      sh("(sleep 60; echo late) & echo $! >" + (folder / "pid") + "; wait", Millis(200));
  REQUIRE(output);
  CHECK(output->timed_out);
  CHECK(output->status == ExitStatus::signaled(SIGKILL));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  const int child = std::atoi(read_file(folder / "pid").value_or("0").c_str());
  REQUIRE(child > 0);
  // Killed; a zombie at most until PID 1 reaps it.
  const std::string stat =
      read_file("/proc/" + std::to_string(child) + "/stat").value_or("0 (gone) Z");
  CHECK(stat.find(") Z") != std::string::npos);
}

TEST_CASE("what a program leaves running does not hold the answer up") {
  const auto start = std::chrono::steady_clock::now();
  const auto output = sh("sleep 30 & echo done; echo $!", Millis(20'000));
  REQUIRE(output);
  CHECK(output->out.starts_with("done\n"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  ::kill(std::atoi(output->out.c_str() + 5), SIGKILL);
}

TEST_CASE("a program that is not there is an error that names it") {
  const auto output = run_command({{"/nowhere/x"}, "", Millis(1000)}, {});
  REQUIRE(!output);
  CHECK(output.error().message() == "cannot run /nowhere/x: No such file or directory");
}
