#include "cli/top_view.h"

#include <algorithm>

#include "base/cells.h"
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

/// Above the lines of the chosen unit; its row has little room for the reason.
std::string title_of(const Value& unit) {
  const std::string why = printable(unit.get_string("why"), 1000);
  return "--- last lines of " + unit.get_string("id") + (why.empty() ? "" : "; " + why);
}

/// Lines of the table, the heading first.
std::vector<std::string> table_lines(const TopState& state, const Value::Array& rows,
                                     WindowSize size, bool colour) {
  const auto text =
      status_table(rows, {.colour = colour, .width = size.columns, .cpu = &state.cpu});
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

void keep_choice(TopState& state, const std::string& unit) {
  const auto rows = top_rows(state);
  const auto found = std::ranges::find_if(
      rows, [&](const Value& row) { return row.get_string("id") == unit; });
  if (found != rows.end())
    state.chosen = static_cast<std::size_t>(found - rows.begin());
  else if (state.chosen >= rows.size())
    state.chosen = rows.empty() ? 0 : rows.size() - 1;
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
    lines.push_back(cut_to_width(rows.empty() ? "---" : title_of(rows[chosen]), size.columns));
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

namespace {

/// The bytes of a key that is not in the table, which must not be taken for letters.
std::size_t unknown_key(std::string_view typed) {
  if (typed.size() < 2 || typed[0] != '\x1b') return 1;
  if (typed[1] != '[') return typed[1] == 'O' ? std::min<std::size_t>(3, typed.size()) : 2;
  std::size_t end = 2;
  while (end < typed.size() && (typed[end] < '@' || typed[end] > '~')) ++end;
  return std::min(end + 1, typed.size());
}

}  // namespace

TopKey take_top_key(std::string_view& typed) {
  struct Row {
    std::string_view bytes;
    TopKey key;
  };
  constexpr Row kRows[] = {
      {"\x1b[A", TopKey::Up},   {"\x1bOA", TopKey::Up},     {"k", TopKey::Up},
      {"\x1b[B", TopKey::Down}, {"\x1bOB", TopKey::Down},   {"j", TopKey::Down},
      {"r", TopKey::Restart},   {"s", TopKey::Stop},        {"t", TopKey::Start},
      {"a", TopKey::Attach},    {"q", TopKey::Quit},        {"\x03", TopKey::Quit},
  };
  const auto found =
      std::ranges::find_if(kRows, [&](const Row& row) { return typed.starts_with(row.bytes); });
  const bool known = found != std::end(kRows);
  typed.remove_prefix(typed.empty() ? 0 : known ? found->bytes.size() : unknown_key(typed));
  return known ? found->key : TopKey::None;
}

}  // namespace bootsman
