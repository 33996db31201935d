#include "steps/text_block.h"

#include <doctest/doctest.h>

using namespace std::string_literals;
using bootsman::BlockPlace;
using bootsman::with_block;
using bootsman::without_block;

TEST_CASE("a marked block takes its place and leaves every other byte alone") {
  struct Row {
    std::string name;
    std::string before;
    BlockPlace place;
    std::string after;
  };
  const std::string block = "# >>> bootsman x >>>\nnew\n# <<< bootsman x <<<\n";
  const std::string crlf = "# >>> bootsman x >>>\r\nnew\r\n# <<< bootsman x <<<\r\n";
  const std::string old = "# >>> bootsman x >>>\nold\nolder\n# <<< bootsman x <<<\n";
  const Row rows[] = {
      {"an empty file becomes the block", "", BlockPlace::End, block},
      {"at the top", "a\nb\n", BlockPlace::Top, block + "a\nb\n"},
      {"at the end", "a\nb\n", BlockPlace::End, "a\nb\n" + block},
      {"at the end of a file whose last line has no end", "a\nb", BlockPlace::End,
       "a\nb\n" + block},
      {"with the line ends of the file", "a\r\nb\r\n", BlockPlace::End, "a\r\nb\r\n" + crlf},
      {"at the top with the line ends of the file", "a\r\n", BlockPlace::Top, crlf + "a\r\n"},
      {"in its old place", "a\n" + old + "b\n", BlockPlace::End, "a\n" + block + "b\n"},
      {"doubled blocks become one", "a\n" + old + "b\n" + old, BlockPlace::End,
       "a\n" + block + "b\n"},
      {"without its end only the mark is taken", "# >>> bootsman x >>>\na\n", BlockPlace::Top,
       block + "a\n"},
      {"a block of another name stays", "# >>> bootsman y >>>\n# <<< bootsman y <<<\n",
       BlockPlace::End, "# >>> bootsman y >>>\n# <<< bootsman y <<<\n" + block},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const std::string once = with_block(row.before, "x", "new\n", row.place);
    CHECK(once == row.after);
    CHECK(with_block(once, "x", "new\n", row.place) == once);
  }
}

TEST_CASE("an empty body takes the block away") {
  const std::string with = with_block("a\n", "x", "new\n", BlockPlace::End);
  CHECK(with_block(with, "x", "", BlockPlace::End) == "a\n");
  CHECK(without_block(with, "x") == "a\n");
}
