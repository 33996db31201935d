#include "base/diff.h"

#include <doctest/doctest.h>

using bootsman::unified_diff;

TEST_CASE("a unified diff is what diff -u prints") {
  struct Row {
    const char* name;
    std::string before;
    std::string after;
    std::string diff;
  };
  const std::string ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
  const Row rows[] = {
      {"the same", ten, ten, ""},
      {"a new file", "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
      {"all is gone", "a\n", "", "@@ -1 +0,0 @@\n-a\n"},
      {"one line in the middle", ten, "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n",
       "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
      {"a line at the end", "a\nb\nc\nd\n", "a\nb\nc\nd\ne\n", "@@ -2,3 +2,4 @@\n b\n c\n d\n+e\n"},
      {"two places far apart are two hunks", ten + ten, "0\n" + ten + ten + "11\n",
       "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -18,3 +19,4 @@\n 8\n 9\n 10\n+11\n"},
      {"two places near each other are one", "1\n2\n3\n4\n5\n", "one\n2\n3\n4\nfive\n",
       "@@ -1,5 +1,5 @@\n-1\n+one\n 2\n 3\n 4\n-5\n+five\n"},
      {"a missing line end", "a\nb", "a\nb\n",
       "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
      {"a line that moved", "a\nb\nc\n", "b\nc\na\n", "@@ -1,3 +1,3 @@\n-a\n b\n c\n+a\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(unified_diff(row.before, row.after) == row.diff);
  }
}

TEST_CASE("texts too long to compare line by line are shown whole") {
  std::string before, after;
  for (int i = 0; i < 3000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  const std::string diff = unified_diff(before, after);
  CHECK(diff.starts_with("@@ -1,3000 +1,3000 @@\n-a0\n-a1\n"));
  CHECK(diff.ends_with("+b2998\n+b2999\n"));
}
