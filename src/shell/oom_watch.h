#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cgroup.h"
#include "shell/children.h"
#include "shell/memory_watch.h"
#include "sys/now.h"

namespace bootsman {

/// Tells which deaths were the kernel's, for lack of memory, by the counter of the container's
/// memory control group. Reads it once by open(), and then only when a process of ours has died.
/// Claims no more than is known: a direct child that died of a SIGKILL which was not ours while the
/// counter rose was "probably out of memory".
class OomWatch {
 public:
  /// The init's own group. Without one (no /proc, no /sys, an old kernel) nothing is ever claimed.
  static OomWatch open();
  explicit OomWatch(std::optional<MemoryCgroup> group);

  /// How many processes the kernel has killed since open(); nothing when it does not tell.
  std::optional<std::uint64_t> since_start() const;

  /// Adds `note` and `out_of_memory` to the deaths of one round. Returns a sentence for the log
  /// when the kernel killed more than these deaths account for, else nothing. `shortage`: how it
  /// was a moment ago, if that is known. A kill counts before its victim is gone, and another
  /// process may die in between: one that no death accounts for is kept in mind for some seconds.
  std::string attribute(std::vector<Death>& deaths,
                        const std::optional<MemoryShortage>& shortage = {},
                        MonoTime now = mono_now());

  const std::optional<MemoryCgroup>& group() const { return group_; }

 private:
  std::optional<std::uint64_t> count() const;
  std::string limit_text() const;

  std::optional<MemoryCgroup> group_;
  std::uint64_t seen_ = 0;
  std::uint64_t at_start_ = 0;
  std::uint64_t open_ = 0;  ///< Kills of a moment ago that no death accounts for yet.
  MonoTime open_since_{};
};

}  // namespace bootsman
