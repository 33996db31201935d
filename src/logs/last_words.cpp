#include "logs/last_words.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::string_view kMask = "***";
/// What the reason may take of the whole, so that lines fit beside it.
constexpr std::size_t kReasonShare = 2;

/// Hashes are polynomials in the key over the integers modulo this prime.
constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b % kPrime);
}

/// The hash with one more byte behind.
std::uint64_t with_byte(std::uint64_t hash, std::uint64_t key, char byte) {
  return (times(hash, key) + static_cast<unsigned char>(byte) + 1) % kPrime;
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

SecretMarks::SecretMarks(std::uint64_t key) : key_(key % (kPrime - 256) + 256) {}

void SecretMarks::add(std::string_view value) {
  for (std::string_view line : split(value, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    Mark mark{line.size(), 0};
    for (const char c : line) mark.hash = with_byte(mark.hash, key_, c);
    marks_.push_back(mark);
  }
}

std::string SecretMarks::mask(std::string text) const {
  // At each place: how long the longest value is that begins there.
  std::vector<std::size_t> hits(marks_.empty() ? 0 : text.size(), 0);
  for (const Mark& mark : marks_) {
    std::uint64_t out = 1;  // What a byte counts for when it leaves the window.
    for (std::size_t i = 0; i < mark.length; ++i) out = times(out, key_);
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      hash = with_byte(hash, key_, text[i]);
      if (i >= mark.length)
        hash = (hash + kPrime - times(out, with_byte(0, 0, text[i - mark.length]))) % kPrime;
      if (i + 1 < mark.length || hash != mark.hash) continue;
      std::size_t& hit = hits[i + 1 - mark.length];
      hit = std::max(hit, mark.length);
    }
  }
  // One pass from left to right, so that a mask is never looked at again.
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t hit = marks_.empty() ? 0 : hits[at];
    if (hit == 0) {
      result += text[at++];
    } else {
      result += kMask;
      at += hit;
    }
  }
  return result;
}

std::string masked(std::string text, const std::vector<std::string>& values) {
  SecretMarks marks(0);
  for (const std::string& value : values) marks.add(value);
  return marks.mask(std::move(text));
}

std::string termination_message(const LastWords& words, const SecretMarks& secrets,
                                std::size_t limit) {
  std::string message = printable_lines(secrets.mask(words.reason), limit / kReasonShare);
  message += "\nexit code " + std::to_string(words.exit_code) + "\n";
  const std::string title = words.unit.empty() ? "" : "last lines of " + words.unit + ":\n";
  if (title.empty() || message.size() + title.size() >= limit) return message;

  std::size_t room = limit - message.size() - title.size();
  std::vector<std::string> fitting;
  for (auto line = words.lines.rbegin(); line != words.lines.rend() && room > 1; ++line) {
    const std::string whole = secrets.mask(*line);
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
