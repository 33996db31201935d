#include "base/mount_table.h"

#include <algorithm>
#include <array>
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

MountTable parse_mountinfo(std::string_view text) {
  MountTable entries;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto front = split(line.substr(0, dash), ' ');
    const auto back = split(line.substr(dash + 3), ' ');
    if (front.size() < 5 || back.size() < 2) continue;
    const auto id = parse_number(front[0]);
    if (!id) continue;
    entries.push_back({static_cast<int>(*id), std::string(front[2]), unescaped(front[3]),
                       unescaped(front[4]), unescaped(back[0]), unescaped(back[1]),
                       back.size() > 2 ? std::string(back[2]) : ""});
  }
  return entries;
}

MountTable mounts_on(std::string_view mountinfo, std::string_view point) {
  MountTable found;
  for (MountEntry& entry : parse_mountinfo(mountinfo))
    if (entry.point == point) found.push_back(std::move(entry));
  return found;
}

const MountEntry* mount_of(const MountTable& mounts, std::string_view path) {
  const MountEntry* found = nullptr;
  for (const MountEntry& mount : mounts) {
    const std::string_view point = mount.point == "/" ? "" : std::string_view(mount.point);
    const bool covers =
        path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
    if (covers && (found == nullptr || mount.point.size() >= found->point.size())) found = &mount;
  }
  return found;
}

bool is_served(std::string_view type) {
  constexpr std::array<std::string_view, 20> kServed{
      "9p",    "afs",      "autofs",  "beegfs",    "ceph",  "cifs",    "coda",
      "davfs", "fuse",     "fuseblk", "glusterfs", "gpfs",  "lustre",  "nfs",
      "nfs4",  "orangefs", "panfs",   "smb3",      "smbfs", "virtiofs"};
  return type.starts_with("fuse.") || std::ranges::find(kServed, type) != kServed.end();
}

}  // namespace bootsman
