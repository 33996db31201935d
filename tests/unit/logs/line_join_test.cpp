#include "logs/line_join.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "logs/rate_limit.h"

namespace bootsman {
namespace {

std::vector<std::string> join(const std::vector<LinePiece>& pieces, std::size_t max = 1000) {
  LineJoin join(max);
  std::vector<std::string> groups;
  const auto take = [&](std::string_view lines) { groups.emplace_back(lines); };
  for (const LinePiece& piece : pieces)
    join.add(piece, take,
             [&](const LinePiece& single) { groups.push_back("+" + std::string(single.text)); });
  join.flush(take);
  return groups;
}

struct Row {
  const char* name;
  std::vector<LinePiece> lines;
  std::vector<std::string> groups;
};

TEST_CASE("line join: which lines belong together") {
  const std::vector<Row> rows = {
      {"plain lines stay apart", {{"a"}, {"b"}}, {"a", "b"}},
      {"indented lines join the one before",
       {{"a"}, {"  b"}, {"\tc"}, {"d"}},
       {"a\n  b\n\tc", "d"}},
      {"a Python traceback ends with its exception",
       {{"Traceback (most recent call last):"}, {"  File \"x\""}, {"ValueError: x"}, {"next"}},
       {"Traceback (most recent call last):\n  File \"x\"\nValueError: x", "next"}},
      {"Java's causes belong to what they caused",
       {{"Error: a"}, {"\tat A"}, {"Caused by: b"}, {"\tat B"}, {"next"}},
       {"Error: a\n\tat A\nCaused by: b\n\tat B", "next"}},
      {"an empty line ends a group", {{"a"}, {""}, {" b"}}, {"a", "\n b"}},
      {"an indented line may come first", {{" a"}, {" b"}}, {" a\n b"}},
      {"a continuation stands alone", {{"a"}, {" b", true}, {" c"}}, {"a", "+ b", " c"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(join(row.lines) == row.groups);
  }
}

TEST_CASE("line join: a group is limited") {
  CHECK(join({{"aaaa"}, {" b"}, {" c"}}, 8) == std::vector<std::string>{"aaaa\n b", " c"});
}

TEST_CASE("rate limit: so many in a second, the rest is counted") {
  const auto at = [](int ms) { return MonoTime(Millis(ms)); };
  RateLimit rate(2);
  CHECK(rate.pass(1, at(5'000)));
  CHECK(rate.pass(1, at(5'999)));
  CHECK_FALSE(rate.next_deadline());
  CHECK_FALSE(rate.pass(10, at(5'999)));
  CHECK_FALSE(rate.pass(5, at(5'999)));
  CHECK(rate.next_deadline() == at(6'000));
  CHECK_FALSE(rate.over(at(5'999)));
  CHECK(rate.over(at(6'000)));
  const auto left_out = rate.take();
  CHECK(left_out.lines == 2);
  CHECK(left_out.bytes == 15);
  CHECK_FALSE(rate.over(at(6'000)));
  CHECK(rate.pass(1, at(6'000)));
  CHECK_FALSE(RateLimit().active());
}

}  // namespace
}  // namespace bootsman
