#include "cli/boot_view.h"

#include <doctest/doctest.h>

#include "base/cells.h"
#include "base/json.h"
#include "base/text.h"

namespace bootsman {

namespace {

const char* const kBoot = R"({"begin_us": 1, "done_ms": 2000, "units": [
  {"unit": "step.a", "from_ms": 0, "to_ms": 500, "state": "done", "after": ""},
  {"unit": "service.web", "from_ms": 500, "to_ms": 2000, "state": "ready", "after": "step.a"},
  {"unit": "service.<b>", "from_ms": 500, "to_ms": 600, "state": "failed", "after": "step.a"}]})";

}  // namespace

TEST_CASE("the boot as a table") {
  CHECK(boot_table(*parse_json(kBoot), 80) ==
        "boot done in 2 s: 3 units were started\n"
        "UNIT         FROM     TOOK     0                           2 s\n"
        "step.a       0 ms     0.5 s    #######\n"
        "service.web  0.5 s    1.5 s           ########################  after step.a\n"
        "service.<b>  0.5 s    0.1 s           ##                        failed, after s…\n"
        "The last one: service.web (1.5 s), after step.a (0.5 s)\n");
}

TEST_CASE("of two that end in one millisecond the later one was the last") {
  const auto text = boot_table(*parse_json(R"({"done_ms": 2, "units": [
    {"unit": "step.a", "from_ms": 0, "to_ms": 2, "state": "skipped", "after": ""},
    {"unit": "service.b", "from_ms": 2, "to_ms": 2, "state": "ready", "after": "step.a"}]})"), 80);
  CHECK(text.ends_with("The last one: service.b (0 ms), after step.a (2 ms)\n"));
  CHECK(text.find("#  skipped\n") != text.npos);
}

TEST_CASE("a boot that is not done, or of nothing") {
  CHECK(boot_table(*parse_json("{\"done_ms\": null, \"units\": []}"), 80) ==
        "the boot is not done after 1 ms: 0 units were started\n");
  const auto text = boot_table(*parse_json(R"({"done_ms": null, "units": [
    {"unit": "service.web", "from_ms": 5, "to_ms": 9000, "state": "", "after": ""}]})"), 80);
  CHECK(text.starts_with("the boot is not done after 9 s: 1 unit"));
  CHECK(text.find("not ready yet") != text.npos);
}

TEST_CASE("the table fits whatever comes") {
  const auto boot = parse_json(R"({"done_ms": 3, "units": [
    {"unit": "service.a-name-of-more-than-twenty-four-letters", "from_ms": 9000000, "to_ms": 5,
     "state": "ready", "after": "service.another-name-of-more-than-twenty-four-letters"},
    {"unit": "service.\u001b[31m", "from_ms": 0, "to_ms": 9000000, "state": "done",
     "after": "service.\u001b[31m"}]})");
  REQUIRE(boot);
  for (const std::size_t width : {40U, 80U, 200U}) {
    const auto text = boot_table(*boot, width);
    CHECK(text.find('\x1b') == text.npos);
    for (const std::string_view line : split(text, '\n')) {
      // A name alone may be longer than a very narrow terminal.
      if (width >= 80) CHECK(display_width(line) <= width);
    }
  }
  CHECK(boot_table(*boot, 80).find("service.a-n…four-letters  ") != std::string::npos);
  CHECK(boot_table(*boot, 0).find("service.a-name-of-more-than-twenty-four-letters  ") !=
        std::string::npos);
}

TEST_CASE("the boot as an image is well-formed, whatever the units are called") {
  const auto svg = boot_svg(*parse_json(kBoot));
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("service.&#60;b&#62;") != svg.npos);
  CHECK(svg.find("<b>") == svg.npos);
  CHECK(svg.find("1.5 s, after step.a") != svg.npos);
  for (const char* tag : {"g", "text", "title"}) {
    std::size_t open = 0, closed = 0;
    const std::string opening = std::string("<") + tag, closing = std::string("</") + tag + ">";
    for (auto at = svg.find(opening); at != svg.npos; at = svg.find(opening, at + 1)) ++open;
    for (auto at = svg.find(closing); at != svg.npos; at = svg.find(closing, at + 1)) ++closed;
    CHECK(open == closed);
  }
}

}  // namespace bootsman
