#include "base/diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bootsman {
namespace {

constexpr std::size_t kContext = 3;
/// The table of the longest common part has so many cells at most: 16 MiB.
constexpr std::size_t kCellsMax = 4U << 20;

using Lines = std::vector<std::string_view>;

/// Lines with their line ends: a missing one at the end is a difference.
Lines whole_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

struct Edit {
  char mark;  ///< ' ', '-' or '+'
  std::string_view line;
};

/// The middle part, where the texts differ: as few changed lines as can be.
void diff_middle(const Lines& a, const Lines& b, std::vector<Edit>& edits) {
  const std::size_t width = b.size() + 1;
  if ((a.size() + 1) * width > kCellsMax) {
    for (const auto line : a) edits.push_back({'-', line});
    for (const auto line : b) edits.push_back({'+', line});
    return;
  }
  // common[i * width + j]: length of the longest common part of a[i…] and b[j…].
  std::vector<std::uint32_t> common((a.size() + 1) * width, 0);
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i * width + j] =
          a[i] == b[j] ? common[(i + 1) * width + j + 1] + 1
                       : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      edits.push_back({' ', a[i++]});
      ++j;
    } else if (i < a.size() &&
               (j == b.size() || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      edits.push_back({'-', a[i++]});
    } else {
      edits.push_back({'+', b[j++]});
    }
  }
}

std::vector<Edit> diff_lines(Lines a, Lines b) {
  std::vector<Edit> edits;
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head])
    edits.push_back({' ', a[head++]});
  std::size_t tail = 0;
  while (head + tail < a.size() && head + tail < b.size() &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                 lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  diff_middle(middle(a), middle(b), edits);
  for (std::size_t i = a.size() - tail; i < a.size(); ++i) edits.push_back({' ', a[i]});
  return edits;
}

std::string span(std::size_t first, std::size_t count) {
  // As diff(1): an empty part is named by the line before it.
  const std::size_t named = count == 0 ? first : first + 1;
  return std::to_string(named) + (count == 1 ? "" : "," + std::to_string(count));
}

std::string hunk(const std::vector<Edit>& edits, std::size_t from, std::size_t to) {
  std::size_t old_first = 0, new_first = 0, old_count = 0, new_count = 0;
  for (std::size_t i = 0; i < from; ++i) {
    old_first += edits[i].mark != '+' ? 1 : 0;
    new_first += edits[i].mark != '-' ? 1 : 0;
  }
  std::string body;
  for (std::size_t i = from; i < to; ++i) {
    old_count += edits[i].mark != '+' ? 1 : 0;
    new_count += edits[i].mark != '-' ? 1 : 0;
    body.push_back(edits[i].mark);
    body.append(edits[i].line);
    if (!edits[i].line.ends_with('\n')) body.append("\n\\ No newline at end of file\n");
  }
  return "@@ -" + span(old_first, old_count) + " +" + span(new_first, new_count) + " @@\n" + body;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
  const auto edits = diff_lines(whole_lines(before), whole_lines(after));
  std::string text;
  std::size_t at = 0;
  const auto is_change = [](const Edit& edit) { return edit.mark != ' '; };
  const auto next_change = [&](std::size_t from) {
    const auto found =
        std::find_if(edits.begin() + static_cast<std::ptrdiff_t>(from), edits.end(), is_change);
    return static_cast<std::size_t>(found - edits.begin());
  };
  while ((at = next_change(at)) < edits.size()) {
    const std::size_t from = at - std::min(at, kContext);
    std::size_t end = at;
    // Changes that share their context share a hunk.
    while (next_change(end) < edits.size() && next_change(end) <= end + 2 * kContext)
      end = next_change(end) + 1;
    const std::size_t to = std::min(end + kContext, edits.size());
    text += hunk(edits, from, to);
    at = end;
  }
  return text;
}

}  // namespace bootsman
