#include "logs/format.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "base/json.h"

namespace bootsman {
namespace {

constexpr std::int64_t kMoment = 1'769'846'709'120'999;  // 2026-01-31T08:05:09.120999Z

std::string all_of(OutQueue& queue) {
  std::string text;
  std::string_view pieces[64];
  const std::size_t count = queue.front(pieces, 64);
  for (std::size_t i = 0; i < count; ++i) text.append(pieces[i]);
  return text;
}

std::string written(const LineFormat& format, const LinePiece& piece) {
  OutQueue queue;
  LineScratch scratch;
  append_line(queue, queue.add_source(), format, piece, scratch, kMoment);
  return all_of(queue);
}

struct Row {
  const char* name;
  LineStyle style;
  StreamKind stream;
  LinePiece piece;
  std::string line;
};

TEST_CASE("format: how a line is written") {
  const LineStyle text{};
  const LineStyle raw{LogFormat::Raw};
  const LineStyle json{LogFormat::Json};
  const LineStyle marked{LogFormat::Text, false, true};
  const LineStyle timed{LogFormat::Text, true};
  const LineStyle colour{LogFormat::Text, false, false, true};
  const auto out = StreamKind::Out;
  const auto err = StreamKind::Err;
  const Row rows[] = {
      {"text has the unit in front", text, out, {"hi", false}, "u | hi\n"},
      {"a continuation is marked", text, out, {"hi", true}, "u |+hi\n"},
      {"an empty line keeps its prefix", text, err, {"", false}, "u | \n"},
      {"stderr is marked where asked for", marked, err, {"hi", false}, "u ! hi\n"},
      {"stdout is not", marked, out, {"hi", true}, "u |+hi\n"},
      {"the time stands in front", timed, out, {"hi", true}, "2026-01-31T08:05:09.120Z u |+hi\n"},
      {"colour leaves the text alone", colour, out, {"hi", false}, "\033[34mu\033[0m | hi\n"},
      {"stderr's bar is red", colour, err, {"hi", true}, "\033[34mu\033[0m \033[31m|\033[0m+hi\n"},
      {"raw is bare", raw, out, {"hi", true}, "hi\n"},
      {"raw has no time", {LogFormat::Raw, true}, out, {"hi", false}, "hi\n"},
      {"NUL passes", raw, out, {{"a\0b", 3}, false}, std::string("a\0b\n", 4)},
      {"json escapes",
       json,
       err,
       {"a\"\\\x01\t\x7f", false},
       "{\"unit\":\"u\",\"stream\":\"stderr\",\"text\":\"a\\\"\\\\\\u0001\\t\x7f\"}\n"},
      {"json keeps UTF-8",
       json,
       out,
       {"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", false},
       "{\"unit\":\"u\",\"stream\":\"stdout\",\"text\":\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"}"
       "\n"},
      {"json replaces what is no UTF-8",
       json,
       out,
       {"\xff\xc3", true},
       "{\"unit\":\"u\",\"stream\":\"stdout\",\"continues\":true,"
       "\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\"}\n"},
      {"json has the time as a member",
       {LogFormat::Json, true},
       out,
       {"", false},
       "{\"time\":\"2026-01-31T08:05:09.120Z\",\"unit\":\"u\",\"stream\":\"stdout\",\"text\":\"\"}"
       "\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(written(line_format(row.style, "u", row.stream), row.piece) == row.line);
  }
}

TEST_CASE("format: lines that belong together") {
  LineScratch scratch;
  for (const auto& [format, expected] :
       {std::pair{LogFormat::Text, "u | a\nu |   b\n"},
        {LogFormat::Raw, "a\n  b\n"},
        {LogFormat::Json, "{\"unit\":\"u\",\"stream\":\"stdout\",\"text\":\"a\\n  b\"}\n"}}) {
    OutQueue queue;
    append_lines(queue, queue.add_source(), line_format({format}, "u", StreamKind::Out), "a\n  b",
                 scratch, kMoment);
    CHECK(all_of(queue) == expected);
  }
}

TEST_CASE("format: a name with any bytes makes valid JSON") {
  const auto format = line_format({LogFormat::Json}, "a\"\x01\xff", StreamKind::Out);
  CHECK(parse_json(written(format, {"x", false})));
}

TEST_CASE("format: any bytes become whole JSON objects within the limit of a line") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    // Bytes of one kind, or of all: control characters take six bytes each.
    const auto kind = chance() % 3;
    std::string text(chance() % kLineMax, '\0');
    for (char& byte : text)
      byte = static_cast<char>(kind == 0   ? chance() % 0x20
                               : kind == 1 ? chance()
                                           : 0x80 + chance());
    const auto format = line_format({LogFormat::Json, true}, "unit", StreamKind::Err);
    const std::string lines = written(format, {text, false});
    std::string joined;
    bool first = true;
    for (std::size_t at = 0, end; (end = lines.find('\n', at)) != std::string::npos; at = end + 1) {
      REQUIRE(end - at <= kLineMax);
      const auto object = parse_json(lines.substr(at, end - at));
      REQUIRE(object);
      CHECK(object->get_string("stream") == "stderr");
      CHECK(object->get_bool("continues", false) == !first);
      joined += object->get_string("text");
      first = false;
    }
    // The library's own way with the same bytes, where each piece is valid or replaced.
    std::string expected;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = utf8_character(std::string_view(text).substr(at));
      expected += length == 0 ? "\xef\xbf\xbd" : text.substr(at, length);
      at += std::max<std::size_t>(length, 1);
    }
    CHECK(joined == expected);
  }
}

TEST_CASE("time text: RFC 3339 in UTC") {
  TimeText time;
  CHECK(time.at(0) == "1970-01-01T00:00:00.000Z");
  CHECK(time.at(kMoment) == "2026-01-31T08:05:09.120Z");
  CHECK(time.at(951'827'696'789'000) == "2000-02-29T12:34:56.789Z");
  CHECK(time.at(-5) == "1970-01-01T00:00:00.000Z");
  CHECK(time.at(std::int64_t{1} << 62) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("UTF-8: which characters count") {
  struct Case {
    const char* name;
    std::string_view text;
    std::size_t length;
  };
  const Case cases[] = {
      {"nothing", "", 0},
      {"ASCII", "a", 1},
      {"two bytes", "\xc3\xa9x", 2},
      {"three bytes", "\xe4\xb8\xad", 3},
      {"four bytes", "\xf0\x9f\x98\x80", 4},
      {"cut off", "\xe4\xb8", 0},
      {"overlong in two", "\xc1\xa9", 0},
      {"overlong in three", "\xe0\x80\x80", 0},
      {"overlong in four", "\xf0\x80\x80\x80", 0},
      {"a surrogate", "\xed\xa0\x80", 0},
      {"beyond Unicode", "\xf4\x90\x80\x80", 0},
      {"a byte that only follows", "\x80", 0},
      {"a byte that never is", "\xff", 0},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(utf8_character(one.text) == one.length);
  }
}

}  // namespace
}  // namespace bootsman
