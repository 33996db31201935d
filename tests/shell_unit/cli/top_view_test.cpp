#include "cli/top_view.h"

#include <doctest/doctest.h>

#include "base/cells.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/status_table.h"

namespace bootsman {

namespace {

TopState some_state(std::size_t services) {
  TopState state;
  const auto add = [&](std::string kind, std::string name, std::string is) {
    Value unit;
    unit.set("id", kind + "." + name);
    unit.set("kind", kind);
    unit.set("state", is);
    unit.set("memory_bytes", std::int64_t{1024 * 1024});
    unit.set("why", "a sentence, 一句太长的话, that is far too long for a line of eighty columns");
    state.units.push_back(std::move(unit));
  };
  add("step", "motd", "done");
  add("step", "bad", "failed");
  for (std::size_t i = 0; i < services; ++i) add("service", "s" + std::to_string(i), "ready");
  state.cpu["service.s0"] = 12.4;
  for (int i = 0; i < 50; ++i) state.log.push_back("line " + std::to_string(i) + " \x1b[31m");
  return state;
}

/// The lines as a terminal shows them.
std::vector<std::string> shown(const std::string& screen) {
  std::string text;
  for (std::size_t i = 0; i < screen.size(); ++i) {
    if (screen[i] == '\x1b') {
      while (i < screen.size() && !(screen[i] >= 'A' && screen[i] <= 'Z') && screen[i] != 'm') ++i;
    } else if (screen[i] != '\r') {
      text += screen[i];
    }
  }
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the screen has the terminal's size, whatever there is to show") {
  for (const std::size_t services : {0, 1, 5, 300}) {
    for (const WindowSize size : {WindowSize{24, 80}, WindowSize{10, 40}, WindowSize{50, 200},
                                  WindowSize{4, 20}}) {
      auto state = some_state(services);
      state.chosen = services;
      CAPTURE(services);
      CAPTURE(size.rows);
      const auto lines = shown(top_screen(state, size, true));
      CHECK(lines.size() == size.rows);
      for (const auto& line : lines) CHECK(display_width(line) <= size.columns);
    }
  }
}

TEST_CASE("the screen shows the units, the chosen one's lines, and the keys") {
  auto state = some_state(3);
  state.chosen = 1;
  const auto screen = top_screen(state, {24, 80}, false);
  const auto lines = shown(screen);
  CHECK(lines[0] == "bootsman: 5 units, 1 done, 1 failed, 3 ready");
  CHECK(lines[1].starts_with("UNIT"));
  CHECK(lines[2].starts_with("step.bad"));
  CHECK(lines[3].starts_with("service.s0"));
  CHECK(lines[3].find("12%") != std::string::npos);
  CHECK(screen.find("\x1b[7mservice.s0") != std::string::npos);
  CHECK(screen.find("step.motd") == std::string::npos);
  CHECK(lines[15].starts_with("--- last lines of service.s0; a sentence, "));
  CHECK(lines[22] == "line 49 \\x1b[31m");
  CHECK(lines[23].find("q quit") != std::string::npos);
  state.message = "restart of service.s0 is under way";
  CHECK(shown(top_screen(state, {24, 80}, false))[23] == state.message);
}

TEST_CASE("the chosen row is always on the screen") {
  auto state = some_state(100);
  for (std::size_t chosen = 0; chosen <= 100; ++chosen) {
    state.chosen = chosen;
    const auto id = top_rows(state)[chosen].get_string("id");
    CHECK(top_screen(state, {24, 80}, false).find("\x1b[7m" + id + " ") != std::string::npos);
  }
}

TEST_CASE("the choice stays with its unit") {
  auto state = some_state(3);
  state.chosen = 2;
  const auto id = top_rows(state)[2].get_string("id");
  state.units.erase(state.units.begin() + 1);  // The step above it is done.
  keep_choice(state, id);
  CHECK(top_rows(state)[state.chosen].get_string("id") == id);
  keep_choice(state, "service.gone");
  CHECK(state.chosen == 1);
  state.units.resize(1);
  keep_choice(state, id);
  CHECK(state.chosen == 0);
}

TEST_CASE("keys, however many come at once") {
  const auto keys = [](std::string_view typed) {
    std::vector<TopKey> all;
    while (!typed.empty()) all.push_back(take_top_key(typed));
    return all;
  };
  using enum TopKey;
  CHECK(keys("\x1b[A\x1bOAk") == std::vector{Up, Up, Up});
  CHECK(keys("\x1b[B\x1bOBj") == std::vector{Down, Down, Down});
  CHECK(keys("rsta") == std::vector{Restart, Stop, Start, Attach});
  CHECK(keys("q\x03") == std::vector{Quit, Quit});
  CHECK(keys("x\x1b") == std::vector{None, None});
  // Page down, Alt-q, F4, an arrow with a modifier, one that is cut.
  CHECK(keys("\x1b[6~\x1bq\x1bOS\x1b[1;5A\x1b[1") == std::vector(5, None));
  CHECK(keys("").empty());
}

}  // namespace bootsman
