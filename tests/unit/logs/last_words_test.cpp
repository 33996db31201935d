#include "logs/last_words.h"

#include <doctest/doctest.h>

using namespace bootsman;

namespace {

std::string lines_of(std::size_t count, std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += std::string(length, 'x') + "\n";
  return text;
}

}  // namespace

TEST_CASE("a termination message") {
  struct Row {
    const char* name;
    LastWords words;
    std::vector<std::string> secrets;
    std::size_t limit;
    std::string message;
  };
  const std::string long_line(300, 'x');
  const Row rows[] = {
      {"a reason alone", {"SIGTERM", 0, "", {}}, {}, 4096, "SIGTERM\nexit code 0\n"},
      {"with the unit's last lines",
       {"job: exited 3 after 12 s", 3, "job", {"a", "b"}},
       {},
       4096,
       "job: exited 3 after 12 s\nexit code 3\nlast lines of job:\na\nb\n"},
      {"a unit without a line",
       {"job: exited 3", 3, "job", {}},
       {},
       4096,
       "job: exited 3\nexit code 3\n"},
      {"the oldest lines go first",
       {"r", 1, "job", {"first", "second", "third"}},
       {},
       46,
       "r\nexit code 1\nlast lines of job:\nsecond\nthird\n"},
      {"a line that does not fit whole is left out",
       {"r", 1, "job", {"second", "third"}},
       {},
       45,
       "r\nexit code 1\nlast lines of job:\nthird\n"},
      {"the latest line is cut at its end",
       {"r", 1, "job", {long_line}},
       {},
       60,
       "r\nexit code 1\nlast lines of job:\n" + std::string(23, 'x') + "…\n"},
      {"a reason of several lines",
       {"a.toml:1: bad\na.toml:2: bad", 78, "", {}},
       {},
       4096,
       "a.toml:1: bad\na.toml:2: bad\nexit code 78\n"},
      {"control characters and broken UTF-8 are made visible",
       {"job: exited 1", 1, "job", {"\x1b[31mred", "\xff\xc3", "grün"}},
       {},
       4096,
       "job: exited 1\nexit code 1\nlast lines of job:\n\\x1b[31mred\n\\xff\\xc3\ngrün\n"},
      {"secrets are hidden in both parts",
       {"job: cannot use hunter2", 1, "job", {"key=hunter2!", "nothing"}},
       {"hunter2"},
       4096,
       "job: cannot use ***\nexit code 1\nlast lines of job:\nkey=***!\nnothing\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SecretMarks marks(7);
    for (const std::string& secret : row.secrets) marks.add(secret);
    CHECK(termination_message(row.words, marks, row.limit) == row.message);
  }
}

TEST_CASE("a termination message is never too long") {
  for (std::size_t length = 0; length < 400; length += 7) {
    LastWords words{lines_of(length, 50), 1, "service.web", {}};
    for (std::size_t i = 0; i < 100; ++i) words.lines.push_back(std::string(length, '\x01') + "é");
    CHECK(termination_message(words, SecretMarks(7)).size() <= kTerminationMax);
  }
}

TEST_CASE("values are masked") {
  struct Row {
    const char* name;
    const char* text;
    std::vector<std::string> values;
    const char* result;
  };
  const Row rows[] = {
      {"all places of a value", "abc-abc", {"abc"}, "***-***"},
      {"a value that holds another goes first", "password", {"pass", "password"}, "***"},
      {"a value of several lines", "one two", {"one\r\ntwo\n"}, "*** ***"},
      {"empty values hide nothing", "abc", {"", "\n"}, "abc"},
      {"a value at both ends, and one that is cut by the end", "keykeyke", {"key"}, "******ke"},
      {"a value longer than the text", "abc", {"abcd"}, "abc"},
      {"bytes of any kind", "x\xff\x01y", {"\xff\x01"}, "x***y"},
      {"the same bytes in another order are no value", "cba acb", {"abc"}, "cba acb"},
      {"a mask is not masked again", "a*", {"*", "a"}, "******"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(masked(row.text, row.values) == row.result);
    for (const std::uint64_t key : {std::uint64_t{1}, std::uint64_t{1} << 61, ~std::uint64_t{0}}) {
      CAPTURE(key);
      SecretMarks marks(key);
      for (const std::string& value : row.values) marks.add(value);
      CHECK(marks.mask(row.text) == row.result);
    }
  }
}
