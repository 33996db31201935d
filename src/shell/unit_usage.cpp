#include "shell/unit_usage.h"

#include <unistd.h>

#include <optional>
#include <unordered_map>

namespace bootsman {

UsageScale UsageScale::of_this_machine() {
  const long page = ::sysconf(_SC_PAGESIZE);
  const long ticks = ::sysconf(_SC_CLK_TCK);
  UsageScale scale;
  if (page > 0) scale.page = static_cast<std::uint64_t>(page);
  if (ticks > 0) scale.ticks = static_cast<std::uint64_t>(ticks);
  return scale;
}

std::vector<UnitUsage> usage_of(const std::vector<Pid>& leaders,
                                const std::vector<ProcessInfo>& processes, UsageScale scale) {
  std::unordered_map<int, std::size_t> unit_of;
  for (std::size_t i = 0; i < leaders.size(); ++i) {
    if (leaders[i].value > 0) unit_of.emplace(leaders[i].value, i);
  }
  std::unordered_map<int, const ProcessInfo*> by_pid;
  for (const ProcessInfo& process : processes) by_pid.emplace(process.pid.value, &process);

  const auto owner = [&](const ProcessInfo& process) -> std::optional<std::size_t> {
    const ProcessInfo* at = &process;
    // The table may have been read while it changed: chains may even be rings.
    for (int depth = 0; depth < 64; ++depth) {
      for (const Pid pid : {at->pid, at->session}) {
        const auto found = unit_of.find(pid.value);
        if (found != unit_of.end()) return found->second;
      }
      const auto parent = by_pid.find(at->parent.value);
      if (parent == by_pid.end() || at->parent.value <= 1) return std::nullopt;
      at = parent->second;
    }
    return std::nullopt;
  };
  std::vector<UnitUsage> usage(leaders.size());
  for (const ProcessInfo& process : processes) {
    const auto unit = owner(process);
    if (!unit) continue;
    UnitUsage& sum = usage[*unit];
    ++sum.processes;
    sum.memory += process.rss_pages * scale.page;
    sum.cpu += Micros(static_cast<std::int64_t>(process.cpu_ticks * 1'000'000 / scale.ticks));
  }
  return usage;
}

}  // namespace bootsman
