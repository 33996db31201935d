#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "logs/json_line.h"
#include "logs/line_splitter.h"
#include "logs/progress_fold.h"

// The first byte says how the rest is cut. However that is, the splitter gives the lines that a
// simple reference finds in the whole; the fold lets text without carriage returns pass; and each
// line becomes JSON that can be read again.

namespace {

using namespace bootsman;

constexpr std::size_t kMax = 64;

void tell(std::string& told, const LinePiece& piece) {
  told.append(piece.continues ? "+" : " ").append(piece.text).append("\n");
  std::string json;
  append_json_line(json, json_line_head("u", "stdout"), "", piece);
  if (json.size() > kLineMax + 1 || !parse_json(json)) __builtin_trap();
}

std::string split(std::string_view text, std::size_t step) {
  LineSplitter splitter(kLineMax - kMax);
  std::string told;
  const auto take = [&](const LinePiece& piece) { tell(told, piece); };
  for (std::size_t at = 0; at < text.size(); at += step) splitter.feed(text.substr(at, step), take);
  splitter.flush(take);
  return told;
}

std::string reference(std::string_view text) {
  std::string told;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    bool continues = false;
    for (; line.size() > kMax; continues = true) {
      const std::size_t cut = utf8_cut(line, kMax);
      tell(told, {line.substr(0, cut), continues});
      line.remove_prefix(cut);
    }
    tell(told, {line, continues});
  }
  return told;
}

std::string fold(std::string_view text, std::size_t step) {
  ProgressFold fold(Millis(1000));
  std::string out;
  const auto take = [&](std::string_view part) { out.append(part); };
  for (std::size_t at = 0; at < text.size(); at += step)
    fold.feed(text.substr(at, step), MonoTime(Millis(at)), take);
  fold.flush(take);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + data[0];
  if (split(text, step) != reference(text)) __builtin_trap();
  const std::string folded = fold(text, step);
  if (text.find('\r') == std::string_view::npos && folded != text) __builtin_trap();
  if (folded.size() > text.size() + 1) __builtin_trap();
  return 0;
}
