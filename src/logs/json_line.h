#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "logs/line_splitter.h"

namespace bootsman {

/// The members that stand in every line of a stream: what json_line() takes as `head`.
std::string json_line_head(std::string_view unit, std::string_view stream);

/// Appends the line as a JSON object with its line end: {"time":…,"unit":…,"stream":…,"text":…},
/// without the time where `stamp` is empty, with "continues":true where it continues the line
/// before. Bytes that are no UTF-8 become U+FFFD. No object is longer than kLineMax: what does not
/// fit stands in further ones that continue it.
void append_json_line(std::string& out, std::string_view head, std::string_view stamp,
                      const LinePiece& piece);

/// What such an object needs beside its text.
std::size_t json_line_room(std::string_view head, bool with_time);

}  // namespace bootsman
