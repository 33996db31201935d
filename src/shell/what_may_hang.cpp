#include "shell/what_may_hang.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <climits>
#include <optional>
#include <vector>

#include "base/mount_table.h"
#include "base/text.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

constexpr std::size_t kTableMax = 4 * 1024 * 1024;
/// As many links as the kernel follows (MAXSYMLINKS); who has more is refused by it.
constexpr int kLinksMax = 40;

/// The table of mounts, read again only when it has changed: some ask at each request. Nothing
/// where there is no /proc.
const std::vector<MountEntry>* mounts_now() {
  static UniqueFd watched;  // See proc_pid_mountinfo(5) and poll(2): POLLPRI after a change.
  static std::optional<std::vector<MountEntry>> known;
  pollfd changed{watched.get(), POLLPRI, 0};
  if (known && watched && ::poll(&changed, 1, 0) == 0) return &*known;
  known.reset();
  if (!watched) watched.reset(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (const auto table = read_text("/proc/self/mountinfo", kTableMax))
    known = parse_mountinfo(*table);
  return known ? &*known : nullptr;
}

/// Puts the parts of a path in front of those that are still to be looked up, the next one last.
void push_parts(std::vector<std::string>& parts, std::string_view path) {
  const auto more = split(path, '/');
  for (auto part = more.rbegin(); part != more.rend(); ++part)
    if (!part->empty() && *part != ".") parts.emplace_back(*part);
}

}  // namespace

std::string what_may_hang(const std::string& path) {
  if (!path.starts_with('/')) return {};
  const std::vector<MountEntry>* table = mounts_now();
  if (table == nullptr) return {};
  const std::vector<MountEntry>& mounts = *table;
  const MountEntry* root = mount_of(mounts, "/");
  std::vector<std::string> parts;
  push_parts(parts, path);
  std::string place;  // Without links; "" is /.
  for (int links = 0; !parts.empty() && links <= kLinksMax;) {
    const std::string part = std::move(parts.back());
    parts.pop_back();
    if (part == "..") {
      place.resize(place.empty() ? 0 : place.rfind('/'));
      continue;
    }
    const std::string next = place + "/" + part;
    const MountEntry* mount = mount_of(mounts, next);
    if (mount != nullptr && is_served(mount->type) &&
        (root == nullptr || root->type != mount->type))
      return "a " + mount->type + " mounted on " + printable(mount->point);
    char target[PATH_MAX];
    const ssize_t length = ::readlink(next.c_str(), target, sizeof target);
    if (length <= 0) {
      place = next;
      continue;
    }
    ++links;
    if (target[0] == '/') place.clear();
    push_parts(parts, std::string_view(target, static_cast<std::size_t>(length)));
  }
  return {};
}

}  // namespace bootsman
