#include "base/text.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "base/letter_case.h"

using namespace bootsman;

TEST_CASE("durations are read with their unit") {
  struct Row {
    const char* text;
    long long millis;  // -1: refused
    const char* why;
  };
  static const Row rows[] = {
      {"250ms", 250, ""},
      {"5s", 5'000, ""},
      {"2m", 120'000, ""},
      {"1h", 3'600'000, ""},
      {"1d", 86'400'000, ""},
      {"1.5s", 1'500, ""},
      {"0.001s", 1, ""},
      {"1m30s", 90'000, ""},
      {"1h0.5s", 3'600'500, ""},
      {"0s", 0, ""},
      {"36500d", 3'153'600'000'000, ""},
      {"36501d", -1, "it is longer than 100 years"},
      {"99999999999999999999h", -1, "it is longer than 100 years"},
      {"5", -1, "the unit is missing, write \"5s\""},
      {"0", -1, "the unit is missing, write \"0s\""},
      {"-5s", -1, "it must not be negative"},
      {"", -1, "write a number and a unit, for instance \"5s\""},
      {"s", -1, "write a number and a unit, for instance \"5s\""},
      {"5 s", -1, "the unit is missing"},
      {"5s ", -1, "write a number and a unit"},
      {"1.s", -1, "write a number and a unit"},
      {"5S", -1, "the units are ms, s, m, h and d"},
      {"5sec", -1, "the units are ms, s, m, h and d"},
      {"30s1m", -1, "write larger units first, each of them once"},
      {"1s1s", -1, "write larger units first, each of them once"},
      {"0.5ms", -1, "1ms is the smallest step"},
      {"0.0000000000000000001s", -1, "1ms is the smallest step"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto read = parse_duration(row.text);
    CHECK(read.has_value() == (row.millis >= 0));
    if (read) CHECK(read->count() == row.millis);
    if (!read) CHECK(read.error().message().find(row.why) != std::string::npos);
  }
  CHECK(parse_duration("5").error().message() ==
        "cannot read the duration \"5\": the unit is missing, write \"5s\"");
}

TEST_CASE("durations are written in the shortest form, and read back") {
  struct Row {
    long long millis;
    const char* text;
  };
  static const Row rows[] = {{0, "0s"},          {1, "1ms"},           {250, "250ms"},
                             {1'000, "1s"},      {1'500, "1.5s"},      {1'234, "1s234ms"},
                             {60'000, "1m"},     {90'000, "1m30s"},    {5'400'000, "1h30m"},
                             {86'400'000, "1d"}, {61'500, "1m1s500ms"}};
  for (const Row& row : rows) {
    CHECK(format_duration(Millis(row.millis)) == row.text);
    REQUIRE(parse_duration(row.text).has_value());
    CHECK(parse_duration(row.text)->count() == row.millis);
  }
}

TEST_CASE("durations are said in words that fit their length") {
  struct Row {
    long long micros;
    const char* text;
  };
  static const Row rows[] = {{0, "0 ms"},
                             {12'000, "12 ms"},
                             {400'000, "0.4 s"},
                             {3'000'000, "3 s"},
                             {12'900'000, "12 s"},
                             {200'000'000, "3 min"},
                             {7'500'000'000, "2 h 5 min"},
                             {7'200'000'000, "2 h"},
                             {100'800'000'000, "1 d 4 h"}};
  for (const Row& row : rows) CHECK(say_duration(Micros(row.micros)) == row.text);
}

TEST_CASE("sizes are read with their unit") {
  struct Row {
    const char* text;
    long long bytes;  // -1: refused
    const char* why;
  };
  static const Row rows[] = {
      {"512B", 512, ""},
      {"64KiB", 65'536, ""},
      {"8MiB", 8'388'608, ""},
      {"1.5GiB", 1'610'612'736, ""},
      {"1TiB", 1'099'511'627'776, ""},
      {"2KB", 2'000, ""},
      {"2kB", 2'000, ""},
      {"3MB", 3'000'000, ""},
      {"0B", 0, ""},
      {"64", -1, "the unit is missing, write \"64MiB\", or \"64B\" for bytes"},
      {"64K", -1, "the units are B, KiB, MiB, GiB, TiB"},
      {"0.3KiB", -1, "one byte is the smallest step"},
      {"9000000TiB", -1, "it is larger than 8 EiB"},
      {"-1B", -1, "it must not be negative"},
      {"big", -1, "write a number and a unit"},
      {"", -1, "write a number and a unit"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto read = parse_size(row.text);
    CHECK(read.has_value() == (row.bytes >= 0));
    if (read) CHECK(*read == static_cast<std::uint64_t>(row.bytes));
    if (!read) CHECK(read.error().message().find(row.why) != std::string::npos);
  }
}

TEST_CASE("sizes are said with one decimal below 100") {
  CHECK(say_size(0) == "0 B");
  CHECK(say_size(1023) == "1023 B");
  CHECK(say_size(65'536) == "64 KiB");
  CHECK(say_size(8'482'560'410) == "7.9 GiB");
  CHECK(say_size(150 * 1024 * 1024 + 700'000) == "150 MiB");
  CHECK(say_size(~std::uint64_t{0}) == "16383 PiB");
}

TEST_CASE("signals are read by name and number") {
  struct Row {
    const char* text;
    int number;  // 0: refused
  };
  static const Row rows[] = {
      {"SIGTERM", 15}, {"TERM", 15},  {"term", 15},       {"15", 15},        {"SIGRTMIN+3", 37},
      {"rtmin", 34},   {"RTMAX", 64}, {"SIGRTMAX-1", 63}, {"SIGIOT", 6},     {"64", 64},
      {"0", 0},        {"65", 0},     {"SIGRTMIN+31", 0}, {"SIGRTMIN-1", 0}, {"SIGRTMINx", 0},
      {"", 0},         {"SIG", 0},    {"SIGTREM", 0},     {"-9", 0}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto read = parse_signal(row.text);
    CHECK(read.has_value() == (row.number != 0));
    if (read) CHECK(read->value == row.number);
  }
  CHECK(parse_signal("SIGTREM").error().message() ==
        "cannot read the signal \"SIGTREM\": did you mean \"SIGTERM\"?");
}

TEST_CASE("every signal has a name, and all but the C library's own two read back") {
  for (int number = 1; number <= 64; ++number) {
    if (number == 32 || number == 33) continue;
    const auto read = parse_signal(signal_name(Signal{number}));
    REQUIRE(read.has_value());
    CHECK(read->value == number);
  }
  CHECK(signal_name(Signal{37}) == "SIGRTMIN+3");
  CHECK(signal_name(Signal{33}) == "signal 33");
}

TEST_CASE("numbers have nothing before or after them") {
  CHECK(parse_number("0") == 0u);
  CHECK(parse_number("18446744073709551615") == ~std::uint64_t{0});
  for (const char* text : {"18446744073709551616", "", "-1", "+1", " 1", "1 ", "0x1", "1.0"})
    CHECK(!parse_number(text).has_value());
}

TEST_CASE("the nearest word is offered only where it may have been meant") {
  static constexpr std::array<std::string_view, 5> words{"restart", "ready", "requires", "env",
                                                         "on_failure"};
  struct Row {
    const char* word;
    const char* hint;
  };
  static const Row rows[] = {{"restrat", "restart"},
                             {"redy", "ready"},
                             {"require", "requires"},
                             {"evn", "env"},
                             {"enf", "env"},
                             {"on-failure", "on_failure"},
                             {"Restart", "restart"},
                             {"x", ""},
                             {"xyz", ""},
                             {"", ""},
                             {"something", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.word);
    CHECK(std::string(nearest(row.word, words).value_or("")) == row.hint);
  }
  CHECK(!nearest(std::string(100'000, 'a'), words).has_value());
}

TEST_CASE("text is cut and joined") {
  CHECK(trim("  a b\r\n") == "a b");
  CHECK(trim(" \t ").empty());
  CHECK(split("a::b", ':') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ':') == std::vector<std::string_view>{""});
  CHECK(join(std::vector<std::string>{"a", "b"}, ", ") == "a, b");
  CHECK(join(std::vector<std::string>{}, ", ").empty());
}

TEST_CASE("the case of letters changes for ASCII alone") {
  CHECK(lower("Content-TYPE [Z]@") == "content-type [z]@");
  CHECK(lower("\xc3\x84\xff") == "\xc3\x84\xff");
  CHECK(same_word("Upgrade", "uPGRADE"));
  CHECK_FALSE(same_word("Upgrade", "upgrades"));
  CHECK_FALSE(same_word("[", "{"));
}

TEST_CASE("what disturbs a terminal is written as an escape") {
  struct Row {
    std::string text;
    std::size_t limit;
    std::string shown;
  };
  static const Row rows[] = {
      {"plain", 200, "plain"},
      {"中文", 200, "中文"},
      {"\x1b[31mred\x7f\n", 200, "\\x1b[31mred\\x7f\\x0a"},
      {"\xc2\x9b"
       "31m",
       200, "\\xc2\\x9b31m"},
      {"\xff\xc3(", 200, "\\xff\\xc3("},
      {"\xed\xa0\x80", 200, "\\xed\\xa0\\x80"},
      {std::string("a\0b", 3), 200, "a\\x00b"},
      {"中文", 4, "中…"},
      {"abcdef", 3, "abc…"},
      {"abc", 3, "abc"},
      {"ab\n", 4, "ab…"},
  };
  for (const Row& row : rows) CHECK(printable(row.text, row.limit) == row.shown);
}

TEST_CASE("ends of processes are described") {
  CHECK(describe(ExitStatus::exited(3)) == "exited 3");
  CHECK(describe(ExitStatus::signaled(9)) == "killed by SIGKILL");
  CHECK(describe(ExitStatus::signaled(11, true)) == "killed by SIGSEGV (core dumped)");
}
