#include "shell/oom_watch.h"

#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "shell/mounts_now.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

constexpr int kShellSigKill = 128 + SIGKILL;
/// What the kernel needs at most to take a large process apart.
constexpr Millis kDeathMax{5'000};

std::optional<MemoryCgroup> usual_place() {
  for (const MemoryCgroup& group :
       {MemoryCgroup{"/sys/fs/cgroup", true}, MemoryCgroup{"/sys/fs/cgroup/memory", false}})
    if (read_text(group.events_file())) return group;
  return std::nullopt;
}

const ExitStatus* status_of(const Death& death) {
  return std::get_if<ExitStatus>(&death.how);
}

bool killed_by_somebody(const Death& death) {
  const ExitStatus* status = status_of(death);
  return status != nullptr && *status == ExitStatus::signaled(SIGKILL) && !death.killed_by_us;
}

/// A shell whose program was killed ends with 137 itself.
bool tells_of_a_kill(const Death& death) {
  const ExitStatus* status = status_of(death);
  return status != nullptr && *status == ExitStatus::exited(kShellSigKill);
}

}  // namespace

OomWatch OomWatch::open() {
  const auto cgroup = read_text("/proc/self/cgroup");
  const MountTable* mounts = mounts_now();
  std::optional<MemoryCgroup> group;
  if (cgroup && mounts != nullptr) group = find_memory_cgroup(*cgroup, *mounts);
  if (!group || !read_text(group->events_file())) group = usual_place();
  return OomWatch(std::move(group));
}

OomWatch::OomWatch(std::optional<MemoryCgroup> group) : group_(std::move(group)) {
  seen_ = at_start_ = count().value_or(0);
}

std::optional<std::uint64_t> OomWatch::count() const {
  if (!group_) return std::nullopt;
  const auto text = read_text(group_->events_file());
  return text ? oom_kills(*text) : std::nullopt;
}

std::optional<std::uint64_t> OomWatch::since_start() const {
  const auto now = count();
  if (!now) return std::nullopt;
  return *now < at_start_ ? 0 : *now - at_start_;
}

std::string OomWatch::limit_text() const {
  const auto text = read_text(group_->limit_file());
  const auto limit = text ? memory_limit(*text) : std::nullopt;
  return limit ? "limit " + say_size(*limit) : "the container has no limit of its own";
}

namespace {

/// The largest process that a unit's child was or had below it, when memory ran short.
const LargeProcess* largest_of(const std::optional<MemoryShortage>& shortage, Pid child) {
  if (!shortage) return nullptr;
  const auto found = std::ranges::find(shortage->largest, child, &LargeProcess::top);
  return found == shortage->largest.end() ? nullptr : &*found;
}

std::string peak_text(const Death& death, const std::optional<MemoryShortage>& shortage) {
  const LargeProcess* process = largest_of(shortage, death.pid);
  if (process == nullptr) return "it had taken up to " + say_size(death.max_rss);
  const bool itself = process->pid == death.pid;
  return "the largest process" + std::string(itself ? "" : " below") + ", " + process->name +
         ", PID " + std::to_string(process->pid.value) + ", peaked at " +
         say_size(itself ? std::max(process->peak, death.max_rss) : process->peak);
}

}  // namespace

std::string OomWatch::attribute(std::vector<Death>& deaths,
                                const std::optional<MemoryShortage>& shortage, MonoTime now) {
  if (deaths.empty()) return {};
  const auto counted = count();
  if (!counted) return {};
  const std::uint64_t risen = *counted > seen_ ? *counted - seen_ : 0;
  if (now - open_since_ > kDeathMax) open_ = 0;
  std::uint64_t killed = risen + open_;
  if (killed == 0) return {};
  seen_ += risen;
  const std::string limit = limit_text();

  std::vector<Death*> victims;
  for (Death& death : deaths)
    if (killed_by_somebody(death)) victims.push_back(&death);
  // The kernel takes the largest first.
  std::ranges::sort(victims, std::greater{}, &Death::max_rss);
  if (victims.size() > killed) victims.resize(killed);
  for (Death* victim : victims) {
    victim->out_of_memory = true;
    victim->note = "probably out of memory (" + limit + "; " + peak_text(*victim, shortage) + ")";
    --killed;
  }
  for (Death& death : deaths) {
    if (killed == 0 || !tells_of_a_kill(death)) continue;
    death.out_of_memory = true;
    death.note = "a process below it was probably killed for lack of memory (" + limit +
                 (largest_of(shortage, death.pid) ? "; " + peak_text(death, shortage) : "") + ")";
    --killed;
  }
  open_ = killed;
  if (risen > 0) open_since_ = now;
  const std::uint64_t told = std::min(killed, risen);
  if (told == 0) return {};
  return "the kernel has killed " + std::to_string(told) + (told == 1 ? " process" : " processes") +
         " of the container for lack of memory, none of them a unit's own so far (" + limit + ")";
}

}  // namespace bootsman
