#include "base/cells.h"

#include <doctest/doctest.h>

using namespace bootsman;

TEST_CASE("columns of a terminal") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("目录") == 4);
  CHECK(display_width("：") == 2);
  CHECK(display_width("║") == 1);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(display_width("ｶﾞＡ") == 4);
  CHECK(display_width("한국") == 4);
  CHECK(display_width("🚀") == 2);
  CHECK(display_width("✅❌⚡") == 6);
  CHECK(display_width("é—“”…") == 5);
  CHECK(display_width("\xe7\x9b") == 1);
}

TEST_CASE("text is cut by columns, never within a character") {
  struct Row {
    const char* text;
    std::size_t width;
    const char* cut;
  };
  static const Row rows[] = {
      {"service.web", 11, "service.web"},
      {"service.web", 10, "service.w…"},
      {"service.web", 2, "s…"},
      {"service.web", 1, "…"},
      {"service.web", 0, ""},
      {"工作目录挂载", 12, "工作目录挂载"},
      {"工作目录挂载", 11, "工作目录挂…"},
      {"工作目录挂载", 8, "工作目…"},
      {"service.replica-7", 9, "service.…"},
      {"", 0, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CAPTURE(row.width);
    CHECK(cut_to_width(row.text, row.width) == row.cut);
    CHECK(display_width(cut_middle(row.text, row.width)) <= row.width);
  }
  CHECK(cut_middle("service.web", 10) == "serv…e.web");
  CHECK(cut_middle("service.replica-7", 9) == "serv…ca-7");
  CHECK(cut_middle("工作目录挂载", 9) == "工作…挂载");
  CHECK(cut_middle("工作目录挂载", 12) == "工作目录挂载");
}

TEST_CASE("text is padded by columns") {
  CHECK(padded("目", 4) == "目  ");
  CHECK(padded("abcd", 3) == "abcd");
}

TEST_CASE("text is broken at spaces") {
  CHECK(wrapped("one two three", 0, "  ") == "one two three\n");
  CHECK(wrapped("one two three", 13, "  ") == "one two three\n");
  CHECK(wrapped("one two three", 12, "  ") == "one two\n  three\n");
  CHECK(wrapped("one two three", 7, "  ") == "one two\n  three\n");
  CHECK(wrapped("    one two", 8, "    ") == "    one\n    two\n");
  CHECK(wrapped("see /a/path/without/an/end now", 10, "  ") ==
        "see\n  /a/path/without/an/end\n  now\n");
  CHECK(wrapped("目录 说明 名称", 9, "") == "目录 说明\n名称\n");
  CHECK(wrapped("    /a/path/without/an/end now", 10, "    ") ==
        "    /a/path/without/an/end\n    now\n");
  CHECK(wrapped("", 5, "  ") == "\n");
}
