#include "base/cgroup.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace bootsman {
namespace {

/// Version 1 writes "no limit" as LONG_MAX rounded down to a page.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

bool has(std::string_view list, std::string_view word) {
  const auto words = split(list, ',');
  return std::ranges::find(words, word) != words.end();
}

/// Of mounts on the same place the last one is seen.
const MountEntry* find_mount(const MountTable& mounts, std::string_view controller, bool v2) {
  const MountEntry* found = nullptr;
  for (const MountEntry& mount : mounts) {
    if (v2 ? mount.type != "cgroup2" : mount.type != "cgroup" || !has(mount.options, controller))
      continue;
    if (found == nullptr || found->point == mount.point) found = &mount;
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

std::optional<Cgroup> locate(std::string_view path, const MountTable& mounts,
                             std::string_view controller, bool v2) {
  const MountEntry* mount = find_mount(mounts, controller, v2);
  if (mount == nullptr) return std::nullopt;
  // A path that leads out of the namespace ("/../…") can't be reached through the mount.
  const std::string rest = path.starts_with("/..") ? "" : below(path, mount->root);
  return Cgroup{mount->point + rest, v2};
}

}  // namespace

std::optional<Cgroup> find_cgroup(std::string_view controller, std::string_view cgroup,
                                  const MountTable& mounts) {
  std::optional<std::string_view> unified;
  for (const std::string_view line : split(cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (has(controllers, controller)) return locate(path, mounts, controller, false);
    if (line.substr(0, first) == "0" && controllers.empty()) unified = path;
  }
  return unified ? locate(*unified, mounts, controller, true) : std::nullopt;
}

std::optional<MemoryCgroup> find_memory_cgroup(std::string_view cgroup,
                                               const MountTable& mounts) {
  const auto found = find_cgroup("memory", cgroup, mounts);
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
