#include "logs/out_queue.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace bootsman {
namespace {

void put(OutQueue& queue, SourceId source, std::string_view text) {
  queue.append(source, text);
}

std::string take(OutQueue& queue, std::size_t bytes) {
  std::string taken;
  while (taken.size() < bytes && !queue.empty()) {
    std::string_view pieces[3];
    const std::size_t count = queue.front(pieces, 3);
    REQUIRE(count > 0);
    const std::string_view part = pieces[0].substr(0, bytes - taken.size());
    taken.append(part);
    queue.consume(part.size());
  }
  return taken;
}

TEST_CASE("out queue: bytes come out in the order they went in, however they are taken") {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    OutQueue queue;
    const SourceId sources[] = {queue.add_source(), queue.add_source(), queue.add_source()};
    std::string in;
    std::string out;
    for (int i = 0; i < 400; ++i) {
      if (chance() % 3 != 0) {
        const std::string text(chance() % 9'000, static_cast<char>('a' + chance() % 26));
        put(queue, sources[chance() % 3], text);
        in += text;
      } else {
        out += take(queue, chance() % 40'000);
      }
      CHECK(queue.size() == in.size() - out.size());
    }
    out += take(queue, in.size());
    CHECK(queue.empty());
    CHECK(in == out);
    for (const SourceId source : sources) CHECK(queue.may_resume(source));
  }
}

TEST_CASE("out queue: one source that fills its share leaves room for the others") {
  OutQueue queue;
  const SourceId loud = queue.add_source();
  const SourceId quiet = queue.add_source();
  put(queue, loud, std::string(OutQueue::kSourceMax, 'x'));
  CHECK_FALSE(queue.has_room(loud));
  CHECK(queue.has_room(quiet));
  CHECK_FALSE(queue.may_resume(loud));
  take(queue, OutQueue::kSourceMax - OutQueue::kResumeBelow + 1);
  CHECK(queue.may_resume(loud));
}

TEST_CASE("out queue: the total is limited whoever fills it") {
  OutQueue queue;
  for (std::size_t filled = 0; filled < OutQueue::kTotalMax; filled += OutQueue::kSourceMax)
    put(queue, queue.add_source(), std::string(OutQueue::kSourceMax, 'x'));
  CHECK_FALSE(queue.has_room(queue.add_source()));
}

TEST_CASE("out queue: it knows whether what went out ends a line") {
  OutQueue queue;
  const SourceId source = queue.add_source();
  CHECK_FALSE(queue.within_line());
  put(queue, source, "one\ntwo\n");
  take(queue, 5);
  CHECK(queue.within_line());
  take(queue, 3);
  CHECK_FALSE(queue.within_line());
}

TEST_CASE("out queue: drops are counted once") {
  OutQueue queue;
  const SourceId source = queue.add_source();
  queue.drop(source, 10);
  queue.drop(source, 5);
  CHECK(queue.has_dropped(source));
  const auto dropped = queue.take_dropped(source);
  CHECK(dropped.lines == 2);
  CHECK(dropped.bytes == 15);
  CHECK_FALSE(queue.has_dropped(source));
}

}  // namespace
}  // namespace bootsman
