#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cgroup.h"
#include "base/types.h"
#include "shell/fd_watch.h"

namespace bootsman {

/// One of the largest processes at a moment.
struct LargeProcess {
  Pid pid;
  Pid top;                  ///< The child of the init that it descends from; maybe itself.
  std::string name;         ///< The kernel's comm.
  std::uint64_t peak = 0;   ///< Bytes: the most it ever had resident.
  std::uint64_t bytes = 0;  ///< Bytes: resident then.
};

/// The container's memory as it was when it had nearly run out.
struct MemoryShortage {
  MonoTime at{};
  std::uint64_t used = 0;  ///< Without file cache that the kernel would take back first.
  std::uint64_t limit = 0;
  bool all_end = false;               ///< memory.oom.group: a lack of memory ends the init too.
  std::vector<LargeProcess> largest;  ///< At most 5, the largest first.

  /// "95 MiB of 96 MiB are used; the largest: python3 (PID 12) 80 MiB, sh (PID 9) 1 MiB".
  std::string text() const;
};

/// Whether less than 5 % of the limit are left. `stat` is the text of memory.stat.
bool memory_is_short(std::uint64_t usage, std::uint64_t limit, std::string_view stat,
                     std::uint64_t& used);

/// Tells when the container's memory is nearly used up, since afterwards there may be no time: the
/// kernel may end the init together with all others. Sleeps until the kernel says that the limit is
/// near (thresholds of version 1, the counters of memory.events in version 2), and then looks four
/// times a second at most. What it sees while the kernel kills is not told. Where the kernel can't be asked (no limit; version 1 mounted read-only)
/// it stays silent.
class MemoryWatch {
 public:
  MemoryWatch(uv_loop_t* loop, std::optional<MemoryCgroup> group,
              std::function<void(const MemoryShortage&)> tell);

  bool active() const { return static_cast<bool>(source_); }
  std::optional<MonoTime> next_deadline() const { return look_at_; }
  void tick(MonoTime now);

 private:
  bool open_thresholds(std::uint64_t limit);
  bool open_counters();
  void woken();
  void look();

  std::optional<MemoryCgroup> group_;
  std::function<void(const MemoryShortage&)> tell_;
  UniqueFd usage_;   ///< Version 1: the file that the thresholds are of; kept open.
  UniqueFd source_;  ///< An eventfd, or an inotify descriptor.
  FdWatch watch_;
  std::optional<MonoTime> look_at_;
  MonoTime looked_{};
  std::uint64_t kills_ = 0;  ///< What the kernel had counted at the last look.
};

/// The largest processes now, by resident memory; at most `count`.
std::vector<LargeProcess> largest_processes(std::size_t count);

}  // namespace bootsman
