#include "base/cgroup.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace bootsman {
namespace {

/// Version 1 writes "no limit" as LONG_MAX rounded down to a page.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

struct Mount {
  std::string root;
  std::string point;
};

bool has(std::string_view list, std::string_view word) {
  const auto words = split(list, ',');
  return std::ranges::find(words, word) != words.end();
}

/// A path of mountinfo, in which space, tab, line end and backslash are written in octal.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = 0;
    const bool octal = text[i] == '\\' && i + 3 < text.size() &&
                       std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr ==
                           text.data() + i + 4;
    plain += octal ? static_cast<char>(value) : text[i];
    if (octal) i += 3;
  }
  return plain;
}

/// See proc_pid_mountinfo(5): "ID PARENT DEVICE ROOT POINT OPTIONS [TAG…] - TYPE SOURCE OPTIONS".
std::optional<Mount> find_mount(std::string_view mountinfo, std::string_view controller, bool v2) {
  std::optional<Mount> found;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto front = split(line.substr(0, dash), ' ');
    const auto back = split(line.substr(dash + 3), ' ');
    if (front.size() < 5 || back.size() < 3) continue;
    if (v2 ? back[0] != "cgroup2" : back[0] != "cgroup" || !has(back[2], controller)) continue;
    // Of mounts on the same place the last one is seen.
    if (!found || found->point == unescape(front[4]))
      found = Mount{unescape(front[3]), unescape(front[4])};
  }
  return found;
}

/// The part of `path` below `root`; nothing where it is not below.
std::string below(std::string_view path, std::string_view root) {
  if (root == "/") return path == "/" ? "" : std::string(path);
  if (!path.starts_with(root)) return "";
  const std::string_view rest = path.substr(root.size());
  return rest.starts_with('/') ? std::string(rest) : "";
}

std::optional<Cgroup> locate(std::string_view path, std::string_view mountinfo,
                             std::string_view controller, bool v2) {
  const auto mount = find_mount(mountinfo, controller, v2);
  if (!mount) return std::nullopt;
  // A path that leads out of the namespace ("/../…") can't be reached through the mount.
  const std::string rest = path.starts_with("/..") ? "" : below(path, mount->root);
  return Cgroup{mount->point + rest, v2};
}

}  // namespace

std::optional<Cgroup> find_cgroup(std::string_view controller, std::string_view cgroup,
                                  std::string_view mountinfo) {
  std::optional<std::string_view> unified;
  for (const std::string_view line : split(cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (has(controllers, controller)) return locate(path, mountinfo, controller, false);
    if (line.substr(0, first) == "0" && controllers.empty()) unified = path;
  }
  return unified ? locate(*unified, mountinfo, controller, true) : std::nullopt;
}

std::optional<MemoryCgroup> find_memory_cgroup(std::string_view cgroup,
                                               std::string_view mountinfo) {
  const auto found = find_cgroup("memory", cgroup, mountinfo);
  if (!found) return std::nullopt;
  return MemoryCgroup{found->folder, found->v2};
}

std::optional<std::uint64_t> oom_kills(std::string_view text) {
  constexpr std::string_view kKey = "oom_kill ";
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with(kKey)) return parse_number(line.substr(kKey.size()));
  return std::nullopt;
}

std::optional<std::uint64_t> memory_limit(std::string_view text) {
  const auto bytes = parse_number(trim(text));
  return bytes && *bytes < kNoLimit ? bytes : std::nullopt;
}

}  // namespace bootsman
