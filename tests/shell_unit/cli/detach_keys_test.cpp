#include "cli/detach_keys.h"

#include <doctest/doctest.h>

#include <vector>

namespace bootsman {

TEST_CASE("detach keys are read as Docker writes them") {
  CHECK(parse_detach_keys("ctrl-],ctrl-]").value() == "\x1d\x1d");
  CHECK(parse_detach_keys("ctrl-p,ctrl-q").value() == "\x10\x11");
  CHECK(parse_detach_keys("a,ctrl-@").value() == std::string("a\0", 2));
  CHECK(parse_detach_keys("").value().empty());
  for (const char* bad : {"ctrl-", "ctrl-1", "CTRL-a", "ab", "a,", "ctrl-a ctrl-b"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_detach_keys(bad).has_value());
  }
}

TEST_CASE("what is typed goes through, but for the detach keys") {
  struct Row {
    const char* what;
    const char* keys;
    std::vector<std::string> typed;
    const char* out;
    bool detached;
  };
  const std::vector<Row> rows{
      {"ordinary keys", "pq", {"ab", "c"}, "abc", false},
      {"the keys in one read", "pq", {"abpqrest"}, "ab", true},
      {"the keys in two reads", "pq", {"ap", "q"}, "a", true},
      {"a beginning that is none", "pq", {"p", "a"}, "pa", false},
      {"a beginning twice", "pq", {"pp", "q"}, "p", true},
      {"a beginning that stands again in itself", "ppq", {"pppq"}, "p", true},
      {"none are set", "", {"pq"}, "pq", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    DetachMatcher matcher(row.keys);
    std::string out;
    bool detached = false;
    for (const std::string& typed : row.typed) detached = detached || matcher.feed(typed, out);
    CHECK(out == row.out);
    CHECK(detached == row.detached);
  }
}

}  // namespace bootsman
