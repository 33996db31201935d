#include "logs/format.h"

#include <array>
#include <cstring>

#include "base/text.h"
#include "logs/json_line.h"

namespace bootsman {
namespace {

constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kRed = "\033[31m";
/// Neither red, which is stderr's, nor black and white, which may be the background.
constexpr std::array<std::string_view, 6> kColours = {"\033[36m", "\033[32m", "\033[33m",
                                                      "\033[35m", "\033[34m", "\033[96m"};

std::string_view colour_of(std::string_view name) {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a: the same colour in every boot.
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return kColours[hash % kColours.size()];
}

std::string text_head(const LineStyle& style, std::string_view name, StreamKind stream) {
  const std::string bar = style.mark_stderr && stream == StreamKind::Err ? "!" : "|";
  if (!style.colour) return std::string(name) + " " + bar + " ";
  const std::string tinted =
      stream == StreamKind::Err ? std::string(kRed) + bar + std::string(kReset) : bar;
  return std::string(colour_of(name)) + std::string(name) + std::string(kReset) + " " + tinted +
         " ";
}

char* put(char* place, std::string_view text) {
  if (!text.empty()) std::memcpy(place, text.data(), text.size());
  return place + text.size();
}

}  // namespace

std::size_t LineFormat::room() const {
  const std::size_t stamp = time ? TimeText::kSize + 1 : 0;
  switch (format) {
    case LogFormat::Text:
      return head.size() + stamp;
    case LogFormat::Raw:
      return 0;
    case LogFormat::Json:
      return json_line_room(head, time);
  }
  return 0;
}

LineFormat line_format(const LineStyle& style, std::string_view name, StreamKind stream) {
  LineFormat made;
  made.format = style.format;
  made.time = style.time && style.format != LogFormat::Raw;
  if (style.format == LogFormat::Text) made.head = text_head(style, name, stream);
  if (style.format == LogFormat::Json)
    made.head = json_line_head(name, stream == StreamKind::Out ? "stdout" : "stderr");
  return made;
}

void append_line(OutQueue& queue, SourceId source, const LineFormat& format, const LinePiece& piece,
                 LineScratch& scratch, std::int64_t wall_us) {
  const std::string_view stamp = format.time ? scratch.time.at(wall_us) : std::string_view();
  if (format.format == LogFormat::Json) {
    scratch.json.clear();
    append_json_line(scratch.json, format.head, stamp, piece);
    return queue.append(source, scratch.json);
  }
  const std::size_t front = stamp.empty() ? 0 : stamp.size() + 1;
  char* place = queue.append(source, front + format.head.size() + piece.text.size() + 1);
  if (front > 0) {
    place = put(place, stamp);
    *place++ = ' ';
  }
  place = put(place, format.head);
  if (piece.continues && !format.head.empty()) place[-1] = '+';
  place = put(place, piece.text);
  *place = '\n';
}

void append_lines(OutQueue& queue, SourceId source, const LineFormat& format,
                  std::string_view lines, LineScratch& scratch, std::int64_t wall_us) {
  if (format.format == LogFormat::Json)
    return append_line(queue, source, format, {lines, false}, scratch, wall_us);
  for (const std::string_view line : split(lines, '\n'))
    append_line(queue, source, format, {line, false}, scratch, wall_us);
}

}  // namespace bootsman
