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

TEST_CASE("line splitter: a cut tears no UTF-8 character") {
  const std::string filling(kLineMax - 2, 'x');
  const std::string smile = "\xf0\x9f\x98\x80";
  using Lines = std::vector<std::string>;
  CHECK(split_all({filling + smile + "\n"}, false) == Lines{filling, "+" + smile});
  CHECK(split_all({filling + "\xf0", "\x9f\x98\x80\n"}, false) == Lines{filling, "+" + smile});
  CHECK(split_all({filling + "\xff\xff\xff\n"}, false) == Lines{filling + "\xff\xff", "+\xff"});
  CHECK(split_all({filling + "\xc3\xa9\n"}, false) == Lines{filling + "\xc3\xa9"});
}

TEST_CASE("line splitter: room for a prefix shortens the longest line") {
  const std::string text(kLineMax, 'x');
  const auto lines = split_all({text + "\n"}, false, 10);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].size() == kLineMax - 10);
  CHECK(lines[1] == "+" + std::string(10, 'x'));
}

/// The same by the simplest means: the whole text at once, no state.
std::vector<std::string> reference(std::string text) {
  std::vector<std::string> lines;
  if (!text.empty() && text.back() != '\n') text += '\n';
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    std::string line = text.substr(at, end - at);
    std::string mark;
    while (line.size() > kLineMax) {
      const std::size_t cut = utf8_cut(line, kLineMax);
      lines.push_back(mark + line.substr(0, cut));
      line.erase(0, cut);
      mark = "+";
    }
    lines.push_back(mark + line);
  }
  return lines;
}

TEST_CASE("line splitter: the same as a simple reference, wherever the feeds are cut") {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    std::string text;
    const bool any_bytes = chance() % 2 == 0;
    while (text.size() < 60'000) {
      const std::size_t length = chance() % 8 == 0 ? chance() % 40'000 : chance() % 50;
      const char letter = static_cast<char>('a' + chance() % 20);
      for (std::size_t i = 0; i < length; ++i)
        text += any_bytes ? static_cast<char>(chance()) : letter;
      if (chance() % 3 != 0) text += '\n';
    }
    std::vector<std::string> feeds;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + chance() % 9'000;
      feeds.push_back(text.substr(at, length));
      at += length;
    }
    CHECK(split_all(feeds, false) == reference(text));
  }
}

}  // namespace
}  // namespace bootsman
