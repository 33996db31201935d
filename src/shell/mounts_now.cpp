#include "shell/mounts_now.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <optional>

#include "sys/fd.h"

namespace bootsman {
namespace {

constexpr std::size_t kTableMax = 4 * 1024 * 1024;
constexpr const char* kPath = "/proc/self/mountinfo";

}  // namespace

const MountTable* mounts_now() {
  static UniqueFd watched;  // See proc_pid_mountinfo(5) and poll(2): POLLPRI after a change.
  static std::optional<MountTable> known;
  pollfd changed{watched.get(), POLLPRI, 0};
  if (known && watched && ::poll(&changed, 1, 0) == 0) return &*known;
  known.reset();
  if (!watched) watched.reset(::open(kPath, O_RDONLY | O_CLOEXEC));
  if (!watched || ::lseek(watched.get(), 0, SEEK_SET) != 0) return nullptr;
  if (const auto table = read_rest(watched.get(), kPath, kTableMax))
    known = parse_mountinfo(*table);
  return known ? &*known : nullptr;
}

}  // namespace bootsman
