#include "cli/status_table.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/text.h"

namespace bootsman {

namespace {

constexpr std::size_t kNameMax = 24;
using Row = std::vector<std::string>;

/// Counts characters, not bytes: what a terminal shows for the usual scripts.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string why_of(const Value& unit) {
  std::string why = unit.get_string("why");
  const std::string says = unit.get_string("says");
  if (!says.empty()) why += (why.empty() ? "says \"" : "; says \"") + says + "\"";
  const auto detail = unit.get_strings("detail");
  if (!detail.empty()) why += (why.empty() ? "\"" : "; \"") + detail.back() + "\"";
  const std::string health = unit.get_string("health");
  if (health == "unknown" && unit.get_string("state") == "ready")
    why += why.empty() ? "its health is not known yet" : "; its health is not known yet";
  if (health == "unhealthy") why = why.empty() ? "unhealthy" : "unhealthy: " + why;
  return printable(why, 1000);
}

Row row_of(const Value& unit, const TableStyle& style) {
  const auto pid = unit.get_int("pid", 0);
  const auto memory = unit.get_int("memory_bytes", 0);
  Row row{cut_to_width(unit.get_string("id"), kNameMax),
          unit.get_string("state"),
          short_age(number_of(unit, "since_seconds")),
          pid > 0 ? std::to_string(pid) : "-",
          std::to_string(unit.get_int("restarts", 0)),
          memory > 0 ? say_size(static_cast<std::uint64_t>(memory)) : "-"};
  if (style.cpu != nullptr) {
    const auto found = style.cpu->find(unit.get_string("id"));
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

}  // namespace

std::string cut_to_width(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::string out;
  std::size_t count = 0;
  for (const char c : text) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts && ++count >= width) break;
    out += c;
  }
  return width == 0 ? "" : out + "…";
}

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
  const std::size_t columns = rows[0].size();
  for (const Value& unit : units) rows.push_back(row_of(unit, style));
  std::vector<std::size_t> widths(columns);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    std::size_t used = 0;
    for (std::size_t i = 0; i < columns; ++i) {
      const bool last = i + 1 == columns;
      std::string cell = rows[r][i];
      if (style.width > 0) cell = cut_to_width(cell, style.width - std::min(style.width, used));
      const auto padding = last ? 0 : widths[i] + 2 - width_of(cell);
      used += width_of(cell) + padding;
      const bool unhealthy = r > 0 && units[r - 1].get_string("health") == "unhealthy";
      const auto colour = style.colour && i == 1 && r > 0 ? colour_of(rows[r][i], unhealthy) : "";
      if (!colour.empty()) cell = std::string(colour) + cell + "\x1b[0m";
      line += cell + std::string(padding, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace bootsman
