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
  /// Lines below a row that a WHY may take which does not fit beside it; 0: it is cut.
  std::size_t why_lines = 0;
  /// Percent of one processor by unit, for a column CPU; null: none.
  const std::map<std::string, double>* cpu = nullptr;
};

/// The units of GET /v1/units as a table for people: UNIT STATE SINCE PID RESTARTS MEM [CPU] WHY.
/// Text of units is made printable.
std::string status_table(const Value::Array& units, const TableStyle& style);

/// A number of JSON, which has one kind only; 0 where there is none.
double number_of(const Value& value, std::string_view key);

/// "3s", "12m", "5h", "2d": how long ago, in one short word.
std::string short_age(double seconds);

}  // namespace bootsman
