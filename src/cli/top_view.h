#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "wire/session_frames.h"

namespace bootsman {

/// What `bootsman top` shows.
struct TopState {
  Value::Array units;                 ///< Of GET /v1/units?usage=true.
  std::map<std::string, double> cpu;  ///< Percent of one processor, by unit.
  std::size_t chosen = 0;             ///< Row of top_rows().
  std::vector<std::string> log;       ///< The last lines of the chosen unit.
  std::string message;                ///< In place of the keys.
  bool keys = true;                   ///< Rows can be chosen; else the table alone is shown.
};

/// Chooses the row of that unit again, wherever it is by now; without it the nearest row.
void keep_choice(TopState& state, const std::string& unit);

/// The units worth a row: all but steps that are done or skipped.
Value::Array top_rows(const TopState& state);

/// The whole screen, as lines of at most that width, each cleared to its end.
std::string top_screen(const TopState& state, WindowSize size, bool colour);

enum class TopKey : std::uint8_t { None, Up, Down, Restart, Stop, Start, Quit, Attach };
/// Takes the first key off what was typed, whole: a letter, an arrow key, Ctrl-C. None: one that
/// means nothing here.
TopKey take_top_key(std::string_view& typed);

}  // namespace bootsman
