#include "cli/status_table.h"

#include <doctest/doctest.h>

#include "base/cells.h"
#include "base/json.h"
#include "base/text.h"

namespace bootsman {

namespace {

Value::Array units() {
  const auto value = parse_json(R"([
    {"id": "mount.workdir", "state": "ready", "since_seconds": 130.2, "pid": 31, "restarts": 0,
     "memory_bytes": 14680064,
     "why": "", "health": "healthy", "detail": []},
    {"id": "service.jupyterlab", "state": "backoff", "since_seconds": 3, "pid": null, "restarts": 4,
     "why": "exited 1 after 0.4 s", "health": "unknown", "detail": ["port 8888 is \u001b[31mtaken"]},
    {"id": "service.web", "state": "ready", "since_seconds": 172800, "pid": 7, "restarts": 0,
     "why": "status 503", "health": "unhealthy", "detail": []}])");
  REQUIRE(value);
  return *value->array();
}

}  // namespace

TEST_CASE("the table of units") {
  CHECK(status_table(units(), {}) ==
        "UNIT                STATE    SINCE  PID  RESTARTS  MEM     WHY\n"
        "mount.workdir       ready    2m     31   0         14 MiB\n"
        "service.jupyterlab  backoff  3s     -    4         -       exited 1 after 0.4 s; \"port 8888 is "
        "\\x1b[31mtaken\"\n"
        "service.web         ready    2d     7    0         -       unhealthy: status 503\n");
}

TEST_CASE("the time of processors has a column where it was measured") {
  const std::map<std::string, double> cpu{{"service.web", 99.7}};
  const auto text = status_table(units(), {.cpu = &cpu});
  CHECK(text.find("MEM     CPU   WHY\n") != text.npos);
  CHECK(text.find("-       100%  unhealthy") != text.npos);
}

TEST_CASE("health that nobody has asked for yet is told from health that nothing checks") {
  const auto row = [](const char* health) {
    Value unit;
    unit.set("id", "service.a");
    unit.set("state", "ready");
    unit.set("health", health);
    return status_table({unit}, {});
  };
  CHECK(row("unknown").find("its health is not known yet") != std::string::npos);
  CHECK(row("none").find("health") == std::string::npos);
}

TEST_CASE("lines are cut to the terminal, not the rest of a table without one") {
  const auto text = status_table(units(), {.width = 80});
  CHECK(text.find("exited 1 after 0.4 s…\n") != text.npos);
  for (const std::string_view line : split(status_table(units(), {.width = 20}), '\n'))
    CHECK(line.size() <= 22);  // The mark has three bytes.
}

TEST_CASE("a WHY that does not fit beside its row stands below it") {
  Value::Array all = units();
  all[2].set("why", "状态码 503 与一个很长的原因，它不适合放在一行里，所以要分成几行来显示 "
                    "and-one-word-that-is-longer-than-the-whole-line-of-a-terminal-with-eighty-columns");
  const TableStyle style{.width = 80, .why_lines = 100};
  const auto text = status_table(all, style);
  CHECK(text.find("service.jupyterlab  backoff  3s     -    4         -\n"
                  "    exited 1 after 0.4 s; \"port 8888 is \\x1b[31mtaken\"\n") != text.npos);
  CHECK(text.find("\n    unhealthy: 状态码 503\n    与一个很长的原因，") != text.npos);
  CHECK(text.find("\n    and-one-word-") != text.npos);
  for (const std::string_view line : split(text, '\n')) CHECK(display_width(line) <= 80);

  TableStyle short_style = style;
  short_style.why_lines = 1;
  const auto shorter = status_table(all, short_style);
  CHECK(shorter.find("    unhealthy: 状态码 503 …\n") != shorter.npos);
  CHECK(split(shorter, '\n').size() == 1 + 3 + 2 + 1);
}

TEST_CASE("the last line of a unit that runs is no reason") {
  Value::Array all = units();
  all[2].set("detail", Value::Array{"listening"});
  CHECK(status_table(all, {}).find("listening") == std::string::npos);
}

TEST_CASE("a long name keeps its end on a terminal, and all of it in a pipe") {
  Value::Array all = units();
  all[0].set("id", "service.a-model-server-of-some-length-12");
  CHECK(status_table(all, {.width = 80}).find("\nservice.a-m…me-length-12  ready ") !=
        std::string::npos);
  CHECK(status_table(all, {}).find("\nservice.a-model-server-of-some-length-12  ready ") !=
        std::string::npos);
}

TEST_CASE("colours show the state, and only where they are wanted") {
  const auto text = status_table(units(), {.colour = true});
  CHECK(text.find("\x1b[33mbackoff\x1b[0m  3s") != text.npos);
  CHECK(text.find("\x1b[32mready\x1b[0m    2m") != text.npos);
  CHECK(text.find("\x1b[31mready\x1b[0m    2d") != text.npos);
  CHECK(status_table(units(), {}).find('\x1b') == std::string::npos);
}

TEST_CASE("ages") {
  const std::pair<double, std::string> rows[] = {{-1, "0s"},      {0.9, "0s"},    {119, "119s"},
                                                 {120, "2m"},     {7199, "119m"}, {7200, "2h"},
                                                 {172799, "47h"}, {172800, "2d"}};
  for (const auto& [seconds, text] : rows) CHECK(short_age(seconds) == text);
}

}  // namespace bootsman
