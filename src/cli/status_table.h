#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/value.h"

namespace bootsman {

/// How the table is to be shown.
struct TableStyle {
  bool colour = false;
  std::size_t width = 0;  ///< Columns of the terminal, to which lines are cut; 0: never cut.
  /// Percent of one processor by unit, for a column CPU; null: none.
  const std::map<std::string, double>* cpu = nullptr;
};

/// The units of GET /v1/units as a table for people: UNIT STATE SINCE PID RESTARTS MEM
/// [CPU] WHY. Text of
/// units is made printable.
std::string status_table(const Value::Array& units, const TableStyle& style);

/// The text, or as much of it as fits with "…" behind it. Counts characters.
std::string cut_to_width(const std::string& text, std::size_t width);

/// A number of JSON, which has one kind only; 0 where there is none.
double number_of(const Value& value, std::string_view key);

/// "3s", "12m", "5h", "2d": how long ago, in one short word.
std::string short_age(double seconds);

}  // namespace bootsman
