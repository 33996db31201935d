#include "logs/json_line.h"

#include "base/json.h"
#include "base/value.h"
#include "logs/time_text.h"
#include "logs/utf8.h"

namespace bootsman {
namespace {

constexpr std::string_view kContinues = ",\"continues\":true";
constexpr std::string_view kTextMember = ",\"text\":\"";
constexpr std::string_view kEnd = "\"}\n";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

bool plain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// One character of the text as it stands in JSON.
struct Escaped {
  std::size_t taken;  ///< Bytes of the text.
  char bytes[6];
  std::size_t size;
};

Escaped copy_of(std::string_view bytes, std::size_t taken) {
  Escaped copy{taken, {}, bytes.size()};
  bytes.copy(copy.bytes, sizeof copy.bytes);
  return copy;
}

Escaped escape(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const char c = text.front();
  switch (c) {
    case '"':
      return copy_of("\\\"", 1);
    case '\\':
      return copy_of("\\\\", 1);
    case '\n':
      return copy_of("\\n", 1);
    case '\r':
      return copy_of("\\r", 1);
    case '\t':
      return copy_of("\\t", 1);
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(c);
  if (code < 0x20) {
    const char bytes[] = {'\\', 'u', '0', '0', kDigits[code >> 4U], kDigits[code & 0xfU]};
    return copy_of({bytes, sizeof bytes}, 1);
  }
  const std::size_t length = utf8_character(text);
  return length == 0 ? copy_of(kReplacement, 1) : copy_of(text.substr(0, length), length);
}

void open_object(std::string& out, std::string_view head, std::string_view stamp, bool continues) {
  out += '{';
  if (!stamp.empty()) out.append("\"time\":\"").append(stamp).append("\",");
  out.append(head);
  if (continues) out.append(kContinues);
  out.append(kTextMember);
}

}  // namespace

std::string json_line_head(std::string_view unit, std::string_view stream) {
  Value members;
  members.set("unit", unit);
  members.set("stream", stream);
  const std::string object = to_json(members);
  return object.substr(1, object.size() - 2);
}

std::size_t json_line_room(std::string_view head, bool with_time) {
  const std::size_t time =
      with_time ? TimeText::kSize + std::string_view("\"time\":\"\",").size() : 0;
  return 1 + time + head.size() + kContinues.size() + kTextMember.size() + kEnd.size();
}

void append_json_line(std::string& out, std::string_view head, std::string_view stamp,
                      const LinePiece& piece) {
  constexpr std::size_t kLimit = kLineMax - (kEnd.size() - 1);  // The line end does not count.
  std::size_t begun = out.size();
  open_object(out, head, stamp, piece.continues);
  for (std::size_t at = 0; at < piece.text.size();) {
    const std::size_t room = kLimit - (out.size() - begun);
    std::size_t run = 0;
    while (run < room && at + run < piece.text.size() && plain(piece.text[at + run])) ++run;
    out.append(piece.text.substr(at, run));
    at += run;
    if (at == piece.text.size()) break;
    const Escaped next = escape(piece.text.substr(at));
    if (room - run >= next.size) {
      out.append(next.bytes, next.size);
      at += next.taken;
    } else {
      out.append(kEnd);
      begun = out.size();
      open_object(out, head, stamp, true);
    }
  }
  out.append(kEnd);
}

}  // namespace bootsman
