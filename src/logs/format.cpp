#include "logs/format.h"

#include "base/json.h"

namespace bootsman {

LineFormat line_format(LogFormat format, std::string_view name, StreamKind stream) {
  LineFormat made{format, std::string(name), stream, {}};
  if (format == LogFormat::Text) made.prefix = made.name + " | ";
  return made;
}

void append_line(std::string& out, const LineFormat& format, const LinePiece& piece) {
  switch (format.format) {
    case LogFormat::Text:
      out.append(format.prefix);
      if (piece.continues) out.back() = '+';
      break;
    case LogFormat::Raw:
      break;
    case LogFormat::Json: {
      Value line;
      line.set("unit", format.name);
      line.set("stream", format.stream == StreamKind::Out ? "stdout" : "stderr");
      if (piece.continues) line.set("continues", true);
      line.set("text", piece.text);
      out.append(to_json(line)).push_back('\n');
      return;
    }
  }
  out.append(piece.text);
  out.push_back('\n');
}

}  // namespace bootsman
