#include "base/mount_table.h"

#include <charconv>

#include "base/text.h"

namespace bootsman {
namespace {

/// Space, tab, line end and backslash are written in octal.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = 0;
    const char* end = text.data() + i + 4;
    const bool octal = text[i] == '\\' && i + 3 < text.size() &&
                       std::from_chars(text.data() + i + 1, end, value, 8).ptr == end;
    plain += octal ? static_cast<char>(value) : text[i];
    if (octal) i += 3;
  }
  return plain;
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> entries;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto front = split(line.substr(0, dash), ' ');
    const auto back = split(line.substr(dash + 3), ' ');
    if (front.size() < 5 || back.size() < 2) continue;
    const auto id = parse_number(front[0]);
    if (!id) continue;
    entries.push_back({static_cast<int>(*id), std::string(front[2]), unescaped(front[4]),
                       unescaped(back[0]), unescaped(back[1])});
  }
  return entries;
}

std::vector<MountEntry> mounts_on(std::string_view mountinfo, std::string_view point) {
  std::vector<MountEntry> found;
  for (MountEntry& entry : parse_mountinfo(mountinfo))
    if (entry.point == point) found.push_back(std::move(entry));
  return found;
}

}  // namespace bootsman
