#include "base/cells.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/text.h"

namespace bootsman {
namespace {

struct Range {
  std::uint32_t first, last;
};

/// East_Asian_Width W and F of Unicode's UAX #11, with gaps of its larger blocks filled.
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
    {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},
    {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},
    {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},   {0x26d4, 0x26d4},
    {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},   {0x26fa, 0x26fa},
    {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},
    {0x2795, 0x2797},   {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},
    {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
    {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff},
    {0x20000, 0x3fffd}};
constexpr Range kZero[] = {{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}};

bool in(std::uint32_t c, std::span<const Range> ranges) {
  return std::ranges::any_of(
      ranges, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

/// Takes the first character off the text; its columns.
std::size_t take(std::string_view& text, std::string_view& character) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  std::uint32_t c = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length && i < text.size(); ++i)
    c = (c << 6) | (static_cast<std::uint8_t>(text[i]) & 0x3f);
  character = text.substr(0, length);
  text.remove_prefix(character.size());
  return in(c, kZero) ? 0 : in(c, kWide) ? 2 : 1;
}

/// As much of the beginning as fits.
std::string_view beginning(std::string_view text, std::size_t width) {
  std::string_view rest = text, character;
  for (std::size_t used = 0; !rest.empty();) {
    const auto before = rest.size();
    used += take(rest, character);
    if (used > width) return text.substr(0, text.size() - before);
  }
  return text;
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (std::string_view character; !utf8.empty();) width += take(utf8, character);
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  return width == 0 ? "" : std::string(beginning(text, width - 1)) + "…";
}

std::string cut_middle(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width < 3) return cut_to_width(text, width);
  const std::size_t head = (width - 1) / 2;
  std::string_view tail = text, character;
  for (auto left = display_width(text); left > width - 1 - head;) left -= take(tail, character);
  return std::string(beginning(text, head)) + "…" + std::string(tail);
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t have = display_width(text);
  return std::string(text) + std::string(width > have ? width - have : 0, ' ');
}

std::string wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  if (width == 0 || display_width(text) <= width) return std::string(text) + "\n";
  std::string lines, line;
  bool begun = false, has_word = false;
  for (const std::string_view word : split(text, ' ')) {
    if (has_word && display_width(line) + 1 + display_width(word) > width) {
      lines += line + "\n";
      line = indent;
      begun = has_word = false;
    }
    if (begun) line += ' ';
    line += word;
    begun = true;
    has_word = has_word || !word.empty();
  }
  return lines + line + "\n";
}

}  // namespace bootsman
