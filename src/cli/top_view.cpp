#include "cli/top_view.h"

#include <algorithm>

#include "base/text.h"
#include "cli/status_table.h"

namespace bootsman {

namespace {

constexpr std::string_view kKeys =
    "q quit   up/down choose   r restart   s stop   t start   a attach";
constexpr std::string_view kReverse = "\x1b[7m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kClearLine = "\x1b[K";

/// The text without control sequences, since what is reversed has one colour.
std::string without_colour(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      while (i < line.size() && line[i] != 'm') ++i;
      continue;
    }
    out += line[i];
  }
  return out;
}

std::string summary(const TopState& state) {
  std::map<std::string, int> counts;
  for (const Value& unit : state.units) ++counts[unit.get_string("state")];
  std::string text = "bootsman: " + std::to_string(state.units.size()) + " units";
  for (const auto& [name, count] : counts) text += ", " + std::to_string(count) + " " + name;
  return text;
}

/// Lines of the table, the heading first.
std::vector<std::string> table_lines(const TopState& state, const Value::Array& rows,
                                     WindowSize size, bool colour) {
  const auto text = status_table(rows, {colour, size.columns, &state.cpu});
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace

Value::Array top_rows(const TopState& state) {
  Value::Array rows;
  for (const Value& unit : state.units) {
    const auto is = unit.get_string("state");
    if (unit.get_string("kind") == "step" && (is == "done" || is == "skipped")) continue;
    rows.push_back(unit);
  }
  return rows;
}

std::string top_screen(const TopState& state, WindowSize size, bool colour) {
  const auto rows = top_rows(state);
  const auto table = table_lines(state, rows, size, colour);
  const std::size_t height = std::max<std::size_t>(size.rows, 4);
  std::vector<std::string> lines{cut_to_width(summary(state), size.columns), table.front()};
  // Two lines above the rows, and below them the keys, and a log of a third of the screen.
  const std::size_t log_height = state.keys ? height / 3 : 0;
  const std::size_t room = height - 3 - log_height;
  const std::size_t chosen = rows.empty() ? 0 : std::min(state.chosen, rows.size() - 1);
  const std::size_t first = chosen < room ? 0 : chosen - room + 1;
  for (std::size_t i = first; i < std::min(rows.size(), first + room); ++i) {
    std::string line = table[i + 1];
    if (state.keys && i == chosen) {
      line = std::string(kReverse) + without_colour(line) + std::string(kPlain);
    }
    lines.push_back(std::move(line));
  }
  if (log_height > 0) {
    while (lines.size() < height - 1 - log_height) lines.emplace_back();
    const std::string name = rows.empty() ? "" : rows[chosen].get_string("id");
    lines.push_back(cut_to_width("--- last lines of " + name, size.columns));
    const std::size_t count = std::min(state.log.size(), log_height - 1);
    for (std::size_t i = state.log.size() - count; i < state.log.size(); ++i) {
      lines.push_back(cut_to_width(printable(state.log[i], 1000), size.columns));
    }
  }
  while (lines.size() < height - 1) lines.emplace_back();
  const std::string_view keys = state.keys ? kKeys : "q quit";
  lines.push_back(cut_to_width(state.message.empty() ? std::string(keys) : state.message,
                               size.columns));
  std::string screen = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    screen += (i == 0 ? "" : "\r\n") + lines[i] + std::string(kClearLine);
  }
  return screen + "\x1b[J";
}

TopKey top_key(std::string_view typed) {
  struct Row {
    std::string_view bytes;
    TopKey key;
  };
  constexpr Row kRows[] = {
      {"\x1b[A", TopKey::Up},  {"\x1bOA", TopKey::Up},     {"k", TopKey::Up},
      {"\x1b[B", TopKey::Down}, {"\x1bOB", TopKey::Down},  {"j", TopKey::Down},
      {"r", TopKey::Restart},   {"s", TopKey::Stop},        {"t", TopKey::Start},
      {"a", TopKey::Attach},    {"q", TopKey::Quit},        {"\x03", TopKey::Quit},
  };
  const auto found = std::ranges::find(kRows, typed, &Row::bytes);
  return found == std::end(kRows) ? TopKey::None : found->key;
}

}  // namespace bootsman
