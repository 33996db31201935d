#include "logs/last_words.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::string_view kMask = "***";
/// What the reason may take of the whole, so that lines fit beside it.
constexpr std::size_t kReasonShare = 2;

/// The pieces to look for, the longest first: one may be a part of another.
std::vector<std::string_view> needles(const std::vector<std::string>& values) {
  std::vector<std::string_view> pieces;
  for (const std::string& value : values)
    for (std::string_view line : split(value, '\n')) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) pieces.push_back(line);
    }
  std::ranges::stable_sort(pieces, std::greater{}, &std::string_view::size);
  return pieces;
}

/// The printable text; cut at its end where it has more than `room` bytes.
std::string fitted(std::string_view text, std::size_t room) {
  constexpr std::size_t kEllipsis = 3;
  std::string whole = printable(text, text.size() * 4);
  if (whole.size() <= room) return whole;
  return room < kEllipsis ? "" : printable(text, room - kEllipsis);
}

/// `text` with its lines made printable and at most `limit` bytes long.
std::string printable_lines(std::string_view text, std::size_t limit) {
  std::string result;
  for (const std::string_view line : split(text, '\n')) {
    if (result.size() + 1 >= limit) break;
    if (!result.empty()) result += '\n';
    result += fitted(line, limit - result.size());
  }
  return result;
}

}  // namespace

std::string masked(std::string text, const std::vector<std::string>& values) {
  // One pass from left to right, so that a mask is never looked at again.
  const auto pieces = needles(values);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    const auto hit = std::ranges::find_if(
        pieces, [rest](std::string_view piece) { return rest.starts_with(piece); });
    if (hit == pieces.end()) {
      result += text[at++];
    } else {
      result += kMask;
      at += hit->size();
    }
  }
  return result;
}

std::string termination_message(const LastWords& words, const std::vector<std::string>& secrets,
                                std::size_t limit) {
  std::string message = printable_lines(masked(words.reason, secrets), limit / kReasonShare);
  message += "\nexit code " + std::to_string(words.exit_code) + "\n";
  const std::string title = words.unit.empty() ? "" : "last lines of " + words.unit + ":\n";
  if (title.empty() || message.size() + title.size() >= limit) return message;

  std::size_t room = limit - message.size() - title.size();
  std::vector<std::string> fitting;
  for (auto line = words.lines.rbegin(); line != words.lines.rend() && room > 1; ++line) {
    const std::string whole = masked(*line, secrets);
    std::string text = fitted(whole, fitting.empty() ? room - 1 : whole.size() * 4);
    if (text.size() + 1 > room) break;
    room -= text.size() + 1;
    fitting.push_back(std::move(text));
  }
  if (fitting.empty()) return message;
  message += title;
  for (auto line = fitting.rbegin(); line != fitting.rend(); ++line) message += *line + "\n";
  return message;
}

}  // namespace bootsman
