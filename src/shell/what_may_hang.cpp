#include "shell/what_may_hang.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "base/text.h"
#include "shell/mounts_now.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

/// As many links as the kernel follows (MAXSYMLINKS); who has more is refused by it.
constexpr int kLinksMax = 40;

/// Whether the way to `path` stays on the mount of / and has no links, or ends where nothing is: some
/// microseconds, where the table of mounts takes a hundred. Part by part, for only so no automounter
/// is woken. See openat2(2) (Linux 5.6); where it is refused the answer is no.
bool stays_on_root(std::string_view path) {
  UniqueFd at(::open("/", O_PATH | O_CLOEXEC));
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return false;
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
    const std::string name(part);
    const auto next = ::syscall(SYS_openat2, at.get(), name.c_str(), &how, sizeof how);
    if (next < 0) return errno == ENOENT || errno == ENOTDIR;
    at.reset(static_cast<int>(next));
  }
  return true;
}

/// Puts the parts of a path in front of those that are still to be looked up, the next one last.
void push_parts(std::vector<std::string>& parts, std::string_view path) {
  const auto more = split(path, '/');
  for (auto part = more.rbegin(); part != more.rend(); ++part)
    if (!part->empty() && *part != ".") parts.emplace_back(*part);
}

}  // namespace

std::string what_may_hang(const std::string& path) {
  if (!path.starts_with('/') || stays_on_root(path)) return {};
  const MountTable* table = mounts_now();
  if (table == nullptr) return {};
  const MountTable& mounts = *table;
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
