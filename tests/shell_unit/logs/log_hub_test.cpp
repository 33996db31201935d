#include "shell/log_hub.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>

#include "shell/clock.h"

namespace bootsman {
namespace {

/// A loop, and a pipe in the place of the init's stdout.
struct World {
  uv_loop_t loop{};
  Pipe out;
  std::unique_ptr<LogHub> hub;

  World() {
    REQUIRE(uv_loop_init(&loop) == 0);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);  // Blocking on both ends, as a runtime's.
    out.read.reset(ends[0]);
    out.write.reset(ends[1]);
    ::fcntl(out.read.get(), F_SETFL, O_NONBLOCK);
    hub = std::make_unique<LogHub>(&loop, out.write.get(), out.write.get());
  }
  ~World() {
    hub.reset();
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
  }
  UniqueFd stream(std::uint32_t unit, std::uint64_t run, StreamKind kind = StreamKind::Out) {
    auto pipe = make_log_pipe();
    REQUIRE(pipe);
    REQUIRE(hub->open_stream(UnitIndex{unit}, RunId{run}, kind, std::move(pipe->read)));
    return std::move(pipe->write);
  }
  /// With the end of a pause in which a flood gathers, where one has begun.
  void turn() {
    uv_run(&loop, UV_RUN_NOWAIT);
    // Not by UV_RUN_ONCE: that would run the timer first, and then wait where nothing may come.
    if (const int pause = uv_backend_timeout(&loop); pause > 0) {
      ::poll(nullptr, 0, pause);
      uv_run(&loop, UV_RUN_NOWAIT);
    }
    hub->flush();
  }
  /// Until several turns bring nothing more.
  std::string read_rest() {
    std::string text;
    for (int silent = 0; silent < 10;) {
      turn();
      const std::string more = read_out();
      silent = more.empty() ? silent + 1 : 0;
      text += more;
    }
    return text;
  }
  std::string read_out() {
    std::string text;
    char buffer[65536];
    for (ssize_t n; (n = ::read(out.read.get(), buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }
};

void write_all(const UniqueFd& fd, std::string_view text) {
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

TEST_CASE("log hub: lines get their unit's name, and the end is flushed") {
  World world;
  world.hub->add_unit("a", {}, "");
  world.hub->add_unit("b", {}, "");
  UniqueFd a = world.stream(0, 1);
  UniqueFd b = world.stream(1, 2, StreamKind::Err);
  write_all(a, "one\ntw");
  world.turn();
  CHECK(world.read_out() == "a | one\n");
  write_all(b, "three\n");
  world.turn();
  CHECK(world.read_out() == "b | three\n");
  a.reset();
  world.turn();
  world.turn();
  CHECK(world.read_out() == "a | tw\n");
}

TEST_CASE("log hub: a silent partial line is given out after a second, and continued") {
  World world;
  world.hub->add_unit("a", {}, "");
  const UniqueFd a = world.stream(0, 1);
  write_all(a, "Password: ");
  world.turn();
  CHECK(world.read_out().empty());
  const auto deadline = world.hub->next_deadline();
  REQUIRE(deadline);
  world.hub->tick(*deadline - Micros(1));
  world.hub->flush();
  CHECK(world.read_out().empty());
  world.hub->tick(*deadline);
  world.hub->flush();
  CHECK(world.read_out() == "a | Password: \n");
  CHECK_FALSE(world.hub->next_deadline());
  write_all(a, "wrong\n");
  world.turn();
  CHECK(world.read_out() == "a |+wrong\n");
}

TEST_CASE("log hub: a run's last words are drained, its needle is seen in that run only") {
  World world;
  world.hub->add_unit("a", {}, "is up");
  const UniqueFd first = world.stream(0, 1);
  write_all(first, "server is up\n");
  CHECK_FALSE(world.hub->needle_seen(UnitIndex{0}, RunId{1}));
  world.hub->drain(RunId{1});
  CHECK(world.hub->needle_seen(UnitIndex{0}, RunId{1}));
  CHECK_FALSE(world.hub->needle_seen(UnitIndex{0}, RunId{2}));
}

TEST_CASE("log hub: units move, go and come back, and their streams and lines go with them") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.hub->add_unit(name, {}, "");
  const UniqueFd a = world.stream(0, 1);
  const UniqueFd b = world.stream(1, 2);
  write_all(a, "one\n");
  write_all(b, "one\n");
  world.turn();
  LogPlan json;
  json.format = LogFormat::Json;
  // c, new, b as JSON; a is gone, but its process lives on.
  const auto writers = world.hub->replace_units(
      {{"c", {}, "", UnitIndex{2}}, {"new", {}, "", {}}, {"b", json, "", UnitIndex{1}}});
  const std::vector<std::optional<std::uint32_t>> wanted{0, 3, 4, 2, 1};
  CHECK(writers.size() == 5);
  CHECK(writers[1] == wanted[1]);
  CHECK(writers[3] == wanted[3]);
  world.read_out();
  write_all(a, "two\n");
  write_all(b, "two\n");
  world.turn();
  const std::string text = world.read_out();
  CHECK(text.find("a | two\n") != std::string::npos);
  CHECK(text.find("\"two\"") != std::string::npos);
  const auto tail = [&](std::uint32_t unit) {
    return world.hub->ring().tail(LogHub::ring_writer(UnitIndex{unit}), 10, 1000);
  };
  CHECK(tail(2) == std::vector<std::string>{"one", "two"});
  CHECK(tail(0).empty());
  // Back again, and what a wrote is known.
  world.hub->replace_units({{"a", {}, "", {}}, {"b", {}, "", UnitIndex{2}}});
  CHECK(tail(0) == std::vector<std::string>{"one", "two"});
  CHECK(tail(1) == std::vector<std::string>{"one", "two"});
}

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

TEST_CASE("log hub: a flood of small writes comes whole and in order") {
  World world;
  world.hub->add_unit("a", {}, "");
  UniqueFd a = world.stream(0, 1);
  std::string expected;
  std::string text;
  for (int i = 0; i < 5'000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    write_all(a, line);
    expected += "a | " + line;
    if (i % 50 == 0) world.turn();
    if (i % 500 == 0) text += world.read_out();
  }
  a.reset();
  while (text.size() < expected.size() && uv_run(&world.loop, UV_RUN_ONCE) != 0) {
    world.hub->flush();
    text += world.read_out();
  }
  CHECK(text == expected);
}

TEST_CASE("log hub: who fills its pipe gets a larger one, until it writes little") {
  World world;
  world.hub->add_unit("a", {}, "");
  const UniqueFd a = world.stream(0, 1);
  ::fcntl(a.get(), F_SETFL, O_NONBLOCK);
  const int usual = ::fcntl(a.get(), F_GETPIPE_SZ);
  const std::string line = std::string(99, '.') + "\n";
  std::string much;
  while (much.size() < static_cast<std::size_t>(usual)) much += line;
  REQUIRE(::write(a.get(), much.data(), much.size()) >= usual);
  world.turn();
  CHECK(::fcntl(a.get(), F_GETPIPE_SZ) > usual);
  world.read_rest();
  ::poll(nullptr, 0, 2);  // Another millisecond, as the loop counts them.
  write_all(a, "little\n");
  CHECK(world.read_rest().ends_with("little\n"));
  CHECK(::fcntl(a.get(), F_GETPIPE_SZ) == usual);
}

TEST_CASE("log hub: a progress bar is folded, in the ring too") {
  World world;
  LogPlan plan;
  plan.fold = Millis(5'000);
  world.hub->add_unit("a", plan, "");
  const UniqueFd a = world.stream(0, 1);
  write_all(a, "\r10%\r20%");
  world.turn();
  CHECK(world.read_out().empty());
  const auto deadline = world.hub->next_deadline();
  REQUIRE(deadline);
  world.hub->tick(*deadline);
  world.hub->flush();
  CHECK(world.read_out() == "a | 20%\n");
  CHECK_FALSE(world.hub->next_deadline());
  write_all(a, "\r90%\r100%\nnext\n");
  world.turn();
  CHECK(world.read_out() == "a | 100%\na | next\n");
  CHECK(world.hub->ring().tail(1, 10, 1000) == std::vector<std::string>{"20%", "100%", "next"});
}

TEST_CASE("log hub: a traceback stays together") {
  World world;
  LogPlan plan;
  plan.join = LogJoin::Indent;
  world.hub->add_unit("a", plan, "");
  world.hub->add_unit("b", {}, "");
  const UniqueFd a = world.stream(0, 1);
  const UniqueFd b = world.stream(1, 2);
  write_all(a, "Error\n  at x\n");
  world.turn();
  write_all(b, "between\n");
  world.turn();
  write_all(a, "  at y\n");
  world.turn();
  CHECK(world.read_out() == "b | between\n");
  const auto deadline = world.hub->next_deadline();
  REQUIRE(deadline);
  world.hub->tick(*deadline);
  world.hub->flush();
  CHECK(world.read_out() == "a | Error\na |   at x\na |   at y\n");
}

TEST_CASE("log hub: lines above the rate are left out of the output, and counted there") {
  World world;
  LogPlan plan;
  plan.rate = 3;
  world.hub->add_unit("a", plan, "");
  const UniqueFd a = world.stream(0, 1);
  write_all(a, "1\n2\n3\n4\n5\n");
  world.turn();
  CHECK(world.read_out() == "a | 1\na | 2\na | 3\n");
  const auto deadline = world.hub->next_deadline();
  REQUIRE(deadline);
  world.hub->tick(*deadline);
  world.hub->flush();
  CHECK(world.read_out() ==
        "a | [bootsman: 2 lines (4 B) were left out here: more than log.rate = 3 in a second]\n");
  CHECK_FALSE(world.hub->next_deadline());
  CHECK(world.hub->ring().tail(1, 10, 1000).size() == 5);
  CHECK(world.hub->counts(UnitIndex{0}).dropped_lines == 2);
  write_all(a, "6\n7\n8\n9\n");
  world.turn();
  world.hub->finish(mono_now());
  CHECK(world.read_out().ends_with(" were left out here: more than log.rate = 3 in a second]\n"));
}

TEST_CASE("log hub: lines that are old are packed, and there") {
  World world;
  world.hub->add_unit("a", {}, "");
  const UniqueFd a = world.stream(0, 1);
  for (int i = 0; i < 5'000; ++i) write_all(a, "127.0.0.1 GET /api 200\n"), world.turn();
  world.read_rest();
  const LogRing& ring = world.hub->ring();
  for (int turns = 0; ring.loose() > 0; ++turns) {
    REQUIRE((turns < 10 && world.hub->next_deadline()));
    world.hub->tick(*world.hub->next_deadline());
    world.hub->flush();
  }
  CHECK(ring.saved() > ring.memory() / 2);
  CHECK(ring.tail(1, 10'000, 1'000'000) == std::vector<std::string>(5'000, "127.0.0.1 GET /api 200"));
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
