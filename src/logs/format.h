#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log_style.h"
#include "logs/line_splitter.h"
#include "logs/out_queue.h"
#include "logs/time_text.h"

namespace bootsman {

enum class StreamKind : std::uint8_t { Out, Err };

/// How lines look, as the configuration says.
struct LineStyle {
  LogFormat format = LogFormat::Text;
  bool time = false;         ///< The time in front of each line (not of raw ones).
  bool mark_stderr = false;  ///< Text: "!" instead of "|" for what came by stderr.
  bool colour = false;       ///< Text: the name in its unit's colour, stderr's bar in red.
};

/// How the lines of one stream are written. Made by line_format().
struct LineFormat {
  LogFormat format = LogFormat::Text;
  bool time = false;
  std::string head;  ///< Text: what stands before the line; its last byte is a space. Json: the
                     ///< members before the text, from the first quote on.

  /// Bytes that the format may put around a line of text.
  std::size_t room() const;
};

LineFormat line_format(const LineStyle& style, std::string_view name, StreamKind stream);

/// Memory that is used again from line to line.
struct LineScratch {
  TimeText time;
  std::string json;
};

/// Appends one line with its line end. Text: "name | text", a continuation as "name |+text". Raw:
/// the bare text. Json: an RFC 8259 object; bytes that are not UTF-8 become U+FFFD there, since
/// JSON cannot carry them; an object longer than kLineMax is cut into several, marked as
/// continuations. `wall_us` is when the line came: microseconds since 1970, UTC.
void append_line(OutQueue& queue, SourceId source, const LineFormat& format, const LinePiece& piece,
                 LineScratch& scratch, std::int64_t wall_us);

/// The same for lines that belong together, with line ends between them and none at the end: one
/// object in Json, and otherwise a line for each, next to each other.
void append_lines(OutQueue& queue, SourceId source, const LineFormat& format,
                  std::string_view lines, LineScratch& scratch, std::int64_t wall_us);

}  // namespace bootsman
