#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "shell/clock.h"
#include "shell/log_hub.h"
#include "shell_unit/logs/log_world.h"

namespace bootsman {
namespace {

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
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += "127.0.0.1 GET /api 200\n";
  for (int i = 0; i < 5; ++i) write_all(a, many), world.turn();
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

}  // namespace
}  // namespace bootsman
