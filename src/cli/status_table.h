#pragma once

#include <cstddef>
#include <string>

#include "base/value.h"

namespace bootsman {

/// How the table is to be shown.
struct TableStyle {
  bool colour = false;
  std::size_t width = 0;  ///< Columns of the terminal, to which lines are cut; 0: never cut.
};

/// The units of GET /v1/units as a table for people: UNIT STATE SINCE PID RESTARTS WHY. Text of
/// units is made printable.
std::string status_table(const Value::Array& units, const TableStyle& style);

/// "3s", "12m", "5h", "2d": how long ago, in one short word.
std::string short_age(double seconds);

}  // namespace bootsman
