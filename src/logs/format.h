#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log_style.h"
#include "logs/line_splitter.h"

namespace bootsman {

enum class StreamKind : std::uint8_t { Out, Err };

/// How the lines of one stream are written.
struct LineFormat {
  LogFormat format = LogFormat::Text;
  std::string name;  ///< The unit's.
  StreamKind stream = StreamKind::Out;
  std::string prefix;  ///< Made by line_format(): what stands before each line.

  /// Bytes that the format may put around a line of text.
  std::size_t room() const { return prefix.size(); }
};

LineFormat line_format(LogFormat format, std::string_view name, StreamKind stream);

/// Appends one line with its line end. Text: "name | text", a continuation as "name |+text". Raw:
/// the bare text. Json: one RFC 8259 object; bytes that are not UTF-8 become U+FFFD there, since
/// JSON cannot carry them.
void append_line(std::string& out, const LineFormat& format, const LinePiece& piece);

}  // namespace bootsman
