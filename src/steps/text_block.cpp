#include "steps/text_block.h"

#include <algorithm>
#include <optional>

namespace bootsman {
namespace {

struct Span {
  std::size_t begin;
  std::size_t end;
};

std::string open_mark(std::string_view name) {
  return "# >>> bootsman " + std::string(name) + " >>>";
}
std::string close_mark(std::string_view name) {
  return "# <<< bootsman " + std::string(name) + " <<<";
}

/// Past the line that starts at `at`, its end included.
std::size_t next_line(std::string_view text, std::size_t at) {
  const auto end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string_view line_at(std::string_view text, std::size_t at) {
  std::string_view line = text.substr(at, next_line(text, at) - at);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The block's bytes from its first mark. Without the closing mark it is the mark's line alone, so
/// that a torn edit by hand never takes the rest of the file along.
std::optional<Span> find_block(std::string_view text, std::string_view name) {
  const std::string open = open_mark(name);
  const std::string close = close_mark(name);
  for (std::size_t at = 0; at < text.size(); at = next_line(text, at)) {
    if (line_at(text, at) != open) continue;
    for (std::size_t in = next_line(text, at); in < text.size(); in = next_line(text, in))
      if (line_at(text, in) == close) return Span{at, next_line(text, in)};
    return Span{at, next_line(text, at)};
  }
  return std::nullopt;
}

std::string with_line_ends(std::string_view text, bool crlf) {
  std::string result;
  for (const char c : text) {
    if (c == '\n' && crlf) result.push_back('\r');
    result.push_back(c);
  }
  return result;
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size(); at = next_line(text, at))
    lines.push_back(line_at(text, at));
  return lines;
}

std::string without_block(std::string_view text, std::string_view name) {
  std::string rest(text);
  while (const auto block = find_block(rest, name))
    rest.erase(block->begin, block->end - block->begin);
  return rest;
}

std::string with_block(std::string_view text, std::string_view name, std::string_view body,
                       BlockPlace place) {
  const auto old = find_block(text, name);
  std::string rest = without_block(text, name);
  if (body.empty()) return rest;
  std::size_t at = place == BlockPlace::Top ? 0 : rest.size();
  if (old) at = std::min(old->begin, rest.size());
  const auto first_end = text.find('\n');
  const bool crlf =
      first_end != std::string_view::npos && first_end > 0 && text[first_end - 1] == '\r';
  std::string block = open_mark(name) + "\n" + std::string(body) + close_mark(name) + "\n";
  block = with_line_ends(block, crlf);
  if (at > 0 && rest[at - 1] != '\n') block.insert(0, crlf ? "\r\n" : "\n");
  rest.insert(at, block);
  return rest;
}

}  // namespace bootsman
