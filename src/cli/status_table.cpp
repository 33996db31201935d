#include "cli/status_table.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/cells.h"
#include "base/text.h"

namespace bootsman {

namespace {

constexpr std::size_t kNameMax = 24;
using Row = std::vector<std::string>;

std::string why_of(const Value& unit) {
  std::string why = unit.get_string("why");
  const std::string says = unit.get_string("says");
  if (!says.empty()) why += (why.empty() ? "says \"" : "; says \"") + says + "\"";
  const auto detail = unit.get_strings("detail");
  const auto state = unit.get_string("state");
  // The last line of what runs is no reason of anything.
  if (!detail.empty() && (state == "backoff" || state == "failed"))
    why += (why.empty() ? "\"" : "; \"") + detail.back() + "\"";
  const std::string health = unit.get_string("health");
  if (health == "unknown" && state == "ready")
    why += why.empty() ? "its health is not known yet" : "; its health is not known yet";
  if (health == "unhealthy" && !why.starts_with("unhealthy"))
    why = why.empty() ? "unhealthy" : "unhealthy: " + why;
  return printable(why, 1000);
}

Row row_of(const Value& unit, const TableStyle& style) {
  const auto pid = unit.get_int("pid", 0);
  const auto memory = unit.get_int("memory_bytes", 0);
  const std::string id = unit.get_string("id");
  Row row{style.width > 0 ? cut_middle(id, kNameMax) : id,
          unit.get_string("state"),
          short_age(number_of(unit, "since_seconds")),
          pid > 0 ? std::to_string(pid) : "-",
          std::to_string(unit.get_int("restarts", 0)),
          memory > 0 ? say_size(static_cast<std::uint64_t>(memory)) : "-"};
  if (style.cpu != nullptr) {
    const auto found = style.cpu->find(id);
    char text[32] = "-";
    if (found != style.cpu->end()) std::snprintf(text, sizeof text, "%.0f%%", found->second);
    row.emplace_back(text);
  }
  row.push_back(why_of(unit));
  return row;
}

std::string_view colour_of(const std::string& state, bool unhealthy) {
  if (state == "failed" || state == "blocked" || unhealthy) return "\x1b[31m";
  if (state == "backoff" || state == "stopping") return "\x1b[33m";
  if (state == "ready") return "\x1b[32m";
  if (state == "skipped" || state == "done" || state == "stopped") return "\x1b[2m";
  return "";
}

/// A WHY on lines of its own; what has no room is left to `bootsman status UNIT`.
std::string below(const std::string& why, const TableStyle& style) {
  const std::string indent(4, ' ');
  const std::string text = wrapped(indent + why, style.width, indent);
  const auto lines = split(std::string_view(text).substr(0, text.size() - 1), '\n');
  const std::size_t kept = std::min(lines.size(), style.why_lines);
  std::string shown;
  for (std::size_t i = 0; i < kept; ++i) {
    const bool more = i + 1 == kept && kept < lines.size();
    shown += cut_to_width(std::string(lines[i]) + (more ? " …" : ""), style.width) + "\n";
  }
  return shown;
}

/// Of a step that went well, or had nothing to do, nobody asks for the reason first.
bool is_quiet(const Value& unit) {
  const auto state = unit.get_string("state");
  return unit.get_string("kind") == "step" && (state == "done" || state == "skipped");
}

std::string line_of(Row row, const std::vector<std::size_t>& widths, std::string_view colour,
                    const TableStyle& style) {
  std::size_t used = 0;
  for (std::size_t i = 0; i + 1 < row.size(); ++i) used += widths[i] + 2;
  std::string rest;
  if (style.why_lines > 0 && used + display_width(row.back()) > style.width)
    rest = below(std::exchange(row.back(), ""), style);
  std::string line;
  used = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    std::string cell = row[i];
    if (style.width > 0) cell = cut_to_width(cell, style.width - std::min(style.width, used));
    const auto padding = i + 1 == row.size() ? 0 : widths[i] + 2 - display_width(cell);
    used += display_width(cell) + padding;
    if (i == 1 && !colour.empty()) cell = std::string(colour) + cell + "\x1b[0m";
    line += cell + std::string(padding, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n" + rest;
}

}  // namespace

double number_of(const Value& value, std::string_view key) {
  const Value* found = value.find(key);
  if (found == nullptr) return 0;
  if (found->number() != nullptr) return *found->number();
  return static_cast<double>(value.get_int(key, 0));
}

std::string short_age(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::max(seconds, 0.0));
  if (whole < 120) return std::to_string(whole) + "s";
  if (whole < 120 * 60) return std::to_string(whole / 60) + "m";
  if (whole < 48 * 3600) return std::to_string(whole / 3600) + "h";
  return std::to_string(whole / 86400) + "d";
}

std::string status_table(const Value::Array& units, const TableStyle& style) {
  std::vector<Row> rows{{"UNIT", "STATE", "SINCE", "PID", "RESTARTS", "MEM"}};
  if (style.cpu != nullptr) rows[0].emplace_back("CPU");
  rows[0].emplace_back("WHY");
  for (const Value& unit : units) rows.push_back(row_of(unit, style));
  std::vector<std::size_t> widths(rows[0].size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const bool coloured = style.colour && r > 0;
    const bool unhealthy = coloured && units[r - 1].get_string("health") == "unhealthy";
    TableStyle of_row = style;
    if (r > 0 && is_quiet(units[r - 1]) && units.size() > 1) of_row.why_lines = 0;
    text += line_of(rows[r], widths, coloured ? colour_of(rows[r][1], unhealthy) : "", of_row);
  }
  return text;
}

}  // namespace bootsman
