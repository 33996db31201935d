#include "logs/line_splitter.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace bootsman {
namespace {

/// "text" for a line, "+text" for a continuation.
std::vector<std::string> split_all(const std::vector<std::string>& feeds, bool flush_between,
                                   std::size_t room = 0) {
  LineSplitter splitter(room);
  std::vector<std::string> lines;
  auto take = [&](const LinePiece& piece) {
    lines.push_back((piece.continues ? "+" : "") + std::string(piece.text));
  };
  for (const std::string& feed : feeds) {
    splitter.feed(feed, take);
    if (flush_between) splitter.flush(take);
  }
  splitter.flush(take);
  return lines;
}

struct Row {
  const char* name;
  std::vector<std::string> feeds;
  bool flush_between;
  std::vector<std::string> lines;
};

TEST_CASE("line splitter: what comes out") {
  const std::string long_line(kLineMax, 'x');
  const std::vector<Row> rows = {
      {"whole lines", {"a\nbc\n"}, false, {"a", "bc"}},
      {"a line over two feeds", {"a", "b\n"}, false, {"ab"}},
      {"empty lines stay", {"\n\na\n\n"}, false, {"", "", "a", ""}},
      {"the end without a line end is given out", {"a\nb"}, false, {"a", "b"}},
      {"nothing comes of nothing", {"", ""}, false, {}},
      {"NUL and bytes that are no UTF-8 pass",
       {std::string("a\0\xff\n", 4)},
       false,
       {std::string("a\0\xff", 3)}},
      {"carriage returns stay", {"a\r\nb\rc\n"}, false, {"a\r", "b\rc"}},
      {"after silence the rest is a continuation", {"ab", "cd\nef\n"}, true, {"ab", "+cd", "ef"}},
      {"a line end right after silence ends the line", {"ab", "\ncd\n"}, true, {"ab", "cd"}},
      {"silence twice within a line", {"a", "b", "c\n", "d\n"}, true, {"a", "+b", "+c", "d"}},
      {"the longest line is whole", {long_line + "\nb\n"}, false, {long_line, "b"}},
      {"one byte more is cut and marked", {long_line + "y\nb\n"}, false, {long_line, "+y", "b"}},
      {"the longest line in two feeds", {long_line, "\nb\n"}, false, {long_line, "b"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(split_all(row.feeds, row.flush_between) == row.lines);
  }
}

TEST_CASE("line splitter: room for a prefix shortens the longest line") {
  const std::string text(kLineMax, 'x');
  const auto lines = split_all({text + "\n"}, false, 10);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].size() == kLineMax - 10);
  CHECK(lines[1] == "+" + std::string(10, 'x'));
}

TEST_CASE("line splitter: where the feeds are cut changes nothing") {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    std::string text;
    while (text.size() < 60'000) {
      text.append(chance() % 8 == 0 ? chance() % 40'000 : chance() % 50,
                  static_cast<char>('a' + chance() % 20));
      if (chance() % 3 != 0) text += '\n';
    }
    std::vector<std::string> feeds;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + chance() % 9'000;
      feeds.push_back(text.substr(at, length));
      at += length;
    }
    CHECK(split_all(feeds, false) == split_all({text}, false));
  }
}

}  // namespace
}  // namespace bootsman
