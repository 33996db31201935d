#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "shell/clock.h"
#include "shell/log_hub.h"
#include "shell_unit/logs/log_world.h"

namespace bootsman {
namespace {

/// Counts "loud | LINE" and the dropped lines that notices speak of.
struct Counted {
  std::size_t lines = 0;
  std::size_t dropped = 0;
};
Counted count(const std::string& text, const std::string& line) {
  Counted counted;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string got = text.substr(at, end - at);
    std::size_t dropped = 0;
    if (got == "loud | " + line)
      ++counted.lines;
    else
      REQUIRE(std::sscanf(got.c_str(), "loud | [bootsman: %zu lines", &dropped) == 1);
    counted.dropped += dropped;
  }
  return counted;
}

/// A service that writes many lines into a hub.
struct Loud {
  World& world;
  UniqueFd pipe;
  std::string line = std::string(3'999, 'x');
  std::size_t written = 0;

  explicit Loud(World& in) : world(in) {
    LogPlan drop;
    drop.when_blocked = WhenBlocked::Drop;
    world.hub->add_unit("loud", drop, "");
    pipe = world.stream(0, 1);
    ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
  }
  /// How often it was held up.
  std::size_t write_lines(int tries) {
    std::size_t held_up = 0;
    world.turn();
    for (int i = 0; i < tries; ++i) {
      const std::string text = line + "\n";
      if (::write(pipe.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()))
        ++written;
      else
        ++held_up;
      if (i % 10 == 0) world.turn();
    }
    return held_up;
  }
  Counted read_all(std::string text = "") {
    text += world.read_rest();
    return count(text, line);
  }
};

TEST_CASE("log hub: nobody reads: a service waits a second, then its lines are dropped") {
  World world;
  Loud loud(world);
  CHECK(loud.write_lines(1'000) > 0);
  const auto deadline = world.hub->next_deadline();
  REQUIRE(deadline);
  world.hub->tick(*deadline - Micros(1));
  CHECK(world.hub->counts(UnitIndex{0}).dropped_lines == 0);
  world.hub->tick(*deadline);
  CHECK(loud.write_lines(1'000) == 0);
  const Counted counted = loud.read_all();
  CHECK(counted.dropped > 0);
  CHECK(counted.lines + counted.dropped == loud.written);
  // Once it is read again, nothing more is dropped.
  CHECK(loud.write_lines(10) == 0);
  CHECK(loud.read_all().lines == 10);
}

TEST_CASE("log hub: a slow reader loses no line of a service") {
  World world;
  Loud loud(world);
  std::string text;
  std::size_t held_up = 0;
  MonoTime due_before;
  for (int i = 0; i < 10; ++i) {
    held_up += loud.write_lines(400);
    // Each read puts off when the lines would be dropped; this test may be slower than that.
    const auto due = world.hub->next_deadline();
    REQUIRE(due);
    CHECK(*due > due_before);
    due_before = *due;
    world.hub->tick(*due - Micros(1));
    text += world.read_out();
    world.turn();
  }
  CHECK(held_up > 0);
  CHECK(loud.read_all(text).lines == loud.written);
  CHECK(world.hub->counts(UnitIndex{0}).dropped_lines == 0);
}

/// Where a unit writes that waits for a blocked stdout; the test itself must not.
UniqueFd patient_job(World& world) {
  LogPlan wait;
  wait.when_blocked = WhenBlocked::Wait;
  world.hub->add_unit("job", wait, "");
  UniqueFd job = world.stream(0, 1);
  ::fcntl(job.get(), F_SETFL, O_NONBLOCK);
  return job;
}

TEST_CASE("log hub: a unit that waits loses nothing, its writer is held up") {
  World world;
  const UniqueFd job = patient_job(world);
  std::string text;
  int next = 0;
  int held_up = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string line = std::to_string(next) + std::string(3'500, 'y') + "\n";
    if (::write(job.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()))
      ++next;
    else
      ++held_up;
    if (i % 5 == 0) world.turn();
    if (i > 1'200) text += world.read_out();
  }
  CHECK(held_up > 0);
  text += world.read_rest();
  int expected = 0;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    if (text.compare(at, end - at, "job | " + std::to_string(expected) + std::string(3'500, 'y')) ==
        0)
      ++expected;
  CHECK(expected == next);
}

TEST_CASE("log hub: a line that waits for a stuck reader is not taken for a silent one") {
  World world;
  const UniqueFd job = patient_job(world);
  const std::string line(2'000, 'y');
  std::string sent;
  // No write ends with a line, so that one is held whenever the stream is paused.
  sent.append(100, 'y');
  write_all(job, sent);
  int written = 0;
  for (int stuck = 0; stuck < 20;) {
    const std::string text = line.substr(0, 1'999) + "\n" + line;
    const bool took = ::write(job.get(), text.data(), text.size()) > 0;
    stuck = took ? 0 : stuck + 1;
    if (took) sent += text;
    if (++written % 5 == 0 || !took) world.turn();
  }
  world.hub->tick(mono_now() + Millis(60'000));
  std::string text;
  text += world.read_rest();
  CHECK(text.size() > 1'000'000);
  CHECK(text.find("|+") == std::string::npos);
}

TEST_CASE("log hub: the flags of the inherited output stay as they are") {
  World world;
  world.hub->add_unit("a", {}, "");
  const int before = ::fcntl(world.out.write.get(), F_GETFL);
  const UniqueFd a = world.stream(0, 1);
  for (int i = 0; i < 80; ++i) {
    write_all(a, std::string(4'000, 'z') + "\n");
    world.turn();
  }
  CHECK(::fcntl(world.out.write.get(), F_GETFL) == before);
}

TEST_CASE("log hub: a reader that is gone does no harm") {
  ::signal(SIGPIPE, SIG_IGN);
  World world;
  world.hub->add_unit("a", {}, "");
  const UniqueFd a = world.stream(0, 1);
  world.out.read.reset();
  for (int i = 0; i < 40; ++i) {
    write_all(a, std::string(1000, 'z') + "\n");
    world.turn();
  }
  CHECK(world.hub->counts(UnitIndex{0}).lines == 40);
}

TEST_CASE("log hub: that nobody reads any more is remembered") {
  ::signal(SIGPIPE, SIG_IGN);
  World world;
  world.hub->add_unit("a", {}, "");
  const UniqueFd a = world.stream(0, 1);
  world.out.read.reset();
  write_all(a, "x\n");
  world.turn();
  world.turn();
  const auto said = world.hub->ring().tail(0, 10, 1000);
  REQUIRE(said.size() == 1);
  CHECK(said[0].find("cannot write to the init's stdout: broken pipe") == 0);
}

TEST_CASE("log output: sockets and files get the same bytes") {
  uv_loop_t loop;
  REQUIRE(uv_loop_init(&loop) == 0);
  {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const UniqueFd near(ends[0]);
    const UniqueFd far(ends[1]);
    LogOutput socket(&loop, near.get(), [] {});
    char path[] = "/tmp/bootsman-output-XXXXXX";
    const UniqueFd file(::mkstemp(path));
    LogOutput disk(&loop, file.get(), [] {});
    for (LogOutput* output : {&socket, &disk}) {
      const SourceId source = output->queue().add_source();
      output->queue().append(source, "hello\n");
      output->flush();
      CHECK(output->idle());
    }
    char buffer[16];
    CHECK(::read(far.get(), buffer, sizeof buffer) == 6);
    CHECK(::pread(file.get(), buffer, sizeof buffer, 0) == 6);
    CHECK(std::string_view(buffer, 6) == "hello\n");
    ::unlink(path);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop) == 0);
}

}  // namespace
}  // namespace bootsman
