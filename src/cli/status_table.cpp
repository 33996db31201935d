#include "cli/status_table.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace bootsman {

namespace {

constexpr std::size_t kColumns = 6;
constexpr std::size_t kNameMax = 24;
using Row = std::array<std::string, kColumns>;

/// Counts characters, not bytes: what a terminal shows for the usual scripts.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string cut(const std::string& text, std::size_t width) {
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

/// JSON has one kind of number only.
double seconds_of(const Value& unit) {
  const Value* since = unit.find("since_seconds");
  if (since == nullptr) return 0;
  if (since->number() != nullptr) return *since->number();
  return static_cast<double>(unit.get_int("since_seconds", 0));
}

Row row_of(const Value& unit) {
  const auto pid = unit.get_int("pid", 0);
  return {cut(unit.get_string("id"), kNameMax),
          unit.get_string("state"),
          short_age(seconds_of(unit)),
          pid > 0 ? std::to_string(pid) : "-",
          std::to_string(unit.get_int("restarts", 0)),
          why_of(unit)};
}

std::string_view colour_of(const std::string& state, bool unhealthy) {
  if (state == "failed" || state == "blocked" || unhealthy) return "\x1b[31m";
  if (state == "backoff" || state == "stopping") return "\x1b[33m";
  if (state == "ready") return "\x1b[32m";
  if (state == "skipped" || state == "done" || state == "stopped") return "\x1b[2m";
  return "";
}

}  // namespace

std::string short_age(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::max(seconds, 0.0));
  if (whole < 120) return std::to_string(whole) + "s";
  if (whole < 120 * 60) return std::to_string(whole / 60) + "m";
  if (whole < 48 * 3600) return std::to_string(whole / 3600) + "h";
  return std::to_string(whole / 86400) + "d";
}

std::string status_table(const Value::Array& units, const TableStyle& style) {
  std::vector<Row> rows{{"UNIT", "STATE", "SINCE", "PID", "RESTARTS", "WHY"}};
  for (const Value& unit : units) rows.push_back(row_of(unit));
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    std::size_t used = 0;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const bool last = i + 1 == kColumns;
      std::string cell = rows[r][i];
      if (last && style.width > 0) cell = cut(cell, style.width > used ? style.width - used : 0);
      const auto padding = last ? 0 : widths[i] + 2 - width_of(cell);
      used += width_of(cell) + padding;
      const bool unhealthy = r > 0 && units[r - 1].get_string("health") == "unhealthy";
      const auto colour = style.colour && i == 1 && r > 0 ? colour_of(cell, unhealthy) : "";
      if (!colour.empty()) cell = std::string(colour) + cell + "\x1b[0m";
      line += cell + std::string(padding, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace bootsman
