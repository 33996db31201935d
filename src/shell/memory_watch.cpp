#include "shell/memory_watch.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "shell/clock.h"
#include "shell/proc_walk.h"

namespace bootsman {
namespace {

/// Percent of the limit. Version 1 tells of each: while file cache fills the rest, usage swings
/// around the upper ones, as it does shortly before the end.
constexpr std::uint64_t kNear = 95;
constexpr std::array<std::uint64_t, 5> kThresholds{kNear, 96, 97, 98, 99};
constexpr Millis kBetweenLooks{250};
constexpr std::size_t kShown = 5;

std::optional<std::uint64_t> number_in(const std::string& path) {
  const auto text = read_text(path);
  return text ? parse_number(trim(*text)) : std::nullopt;
}

/// "KEY   N…" of a file with one pair a line; 0 where it is not there.
std::uint64_t field(std::string_view text, std::string_view key) {
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with(key)) continue;
    const std::string_view rest = trim(line.substr(key.size()));
    return parse_number(rest.substr(0, rest.find(' '))).value_or(0);
  }
  return 0;
}

std::uint64_t oom_kills_of(const MemoryCgroup& group) {
  const auto text = read_text(group.events_file());
  return text ? oom_kills(*text).value_or(0) : 0;
}

}  // namespace

std::string MemoryShortage::text() const {
  std::string text = say_size(used) + " of " + say_size(limit) + " are used";
  for (const LargeProcess& process : largest)
    text += (&process == largest.data() ? "; the largest: " : ", ") + process.name + " (PID " +
            std::to_string(process.pid.value) + ") " + say_size(process.bytes);
  if (all_end) text += "; memory.oom.group is 1, so a lack of memory ends the whole container";
  return text;
}

bool memory_is_short(std::uint64_t usage, std::uint64_t limit, std::string_view stat,
                     std::uint64_t& used) {
  // Both versions' names; "total_" is version 1's sum over the groups below.
  const std::uint64_t v1 = field(stat, "total_inactive_file ");
  const std::uint64_t cache = v1 != 0 ? v1 : field(stat, "inactive_file ");
  used = usage - std::min(cache, usage);
  return used / kNear >= limit / 100;
}

MemoryWatch::MemoryWatch(uv_loop_t* loop, std::optional<MemoryCgroup> group,
                         std::function<void(const MemoryShortage&)> tell)
    : group_(std::move(group)), tell_(std::move(tell)) {
  if (!group_) return;
  const auto text = read_text(group_->limit_file());
  const auto limit = text ? memory_limit(*text) : std::nullopt;
  if (!limit || !(group_->v2 ? open_counters() : open_thresholds(*limit))) {
    source_.reset();
    return;
  }
  auto watch = FdWatch::make(loop, source_.get(), [this] { woken(); });
  if (!watch) {
    source_.reset();
    return;
  }
  kills_ = oom_kills_of(*group_);
  watch_ = std::move(*watch);
  watch_.want_readable();
}

/// See "Thresholds" in the kernel's admin-guide/cgroup-v1/memory.rst.
bool MemoryWatch::open_thresholds(std::uint64_t limit) {
  source_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  usage_.reset(::open((group_->folder + "/memory.usage_in_bytes").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd control(
      ::open((group_->folder + "/cgroup.event_control").c_str(), O_WRONLY | O_CLOEXEC));
  if (!source_ || !usage_ || !control) return false;
  for (const std::uint64_t percent : kThresholds) {
    const std::string line = std::to_string(source_.get()) + " " + std::to_string(usage_.get()) +
                             " " + std::to_string(limit / 100 * percent);
    if (::write(control.get(), line.data(), line.size()) < 0) return false;
  }
  return true;
}

/// The kernel marks the file as modified when usage is about to go over the limit.
bool MemoryWatch::open_counters() {
  source_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  return source_ &&
         ::inotify_add_watch(source_.get(), group_->events_file().c_str(), IN_MODIFY) >= 0;
}

void MemoryWatch::woken() {
  char buffer[4096];
  while (::read(source_.get(), buffer, sizeof buffer) > 0) {
  }
  const MonoTime now = mono_now();
  if (now >= looked_ + kBetweenLooks) return look();
  watch_.stop();
  look_at_ = looked_ + kBetweenLooks;
}

void MemoryWatch::tick(MonoTime now) {
  if (!look_at_ || *look_at_ > now) return;
  look_at_.reset();
  watch_.want_readable();
  look();
}

void MemoryWatch::look() {
  looked_ = mono_now();
  const auto limit_text = read_text(group_->limit_file());
  const auto limit = limit_text ? memory_limit(*limit_text) : std::nullopt;
  const auto usage =
      number_in(group_->folder + (group_->v2 ? "/memory.current" : "/memory.usage_in_bytes"));
  const auto stat = read_text(group_->folder + "/memory.stat");
  if (!limit || !usage || !stat) return;
  MemoryShortage shortage;
  if (!memory_is_short(*usage, *limit, *stat, shortage.used)) return;
  shortage.at = looked_;
  shortage.limit = *limit;
  shortage.all_end = group_->v2 && number_in(group_->folder + "/memory.oom.group") == 1U;
  shortage.largest = largest_processes(kShown);
  // Who is being killed has no memory left to be seen: what is told would name others.
  if (const std::uint64_t kills = oom_kills_of(*group_); kills != kills_)
    kills_ = kills;
  else
    tell_(shortage);
}

std::vector<LargeProcess> largest_processes(std::size_t count) {
  const auto processes = walk_processes();
  std::map<Pid, Pid> parents;
  for (const ProcessInfo& process : processes) parents[process.pid] = process.parent;
  const Pid own{::getpid()};
  const auto top_of = [&](Pid pid) {
    for (std::size_t depth = 0; depth < processes.size(); ++depth) {
      const auto parent = parents.find(pid);
      if (parent == parents.end() || parent->second == own || parent->second.value <= 1) break;
      pid = parent->second;
    }
    return pid;
  };
  std::vector<LargeProcess> found;
  for (const ProcessInfo& process : processes) {
    if (process.pid == own) continue;
    const auto status = read_text("/proc/" + std::to_string(process.pid.value) + "/status", 8192);
    if (!status) continue;
    const std::uint64_t bytes = field(*status, "VmRSS:") * 1024;
    if (bytes == 0) continue;
    found.push_back({process.pid, {}, process.name, field(*status, "VmHWM:") * 1024, bytes});
  }
  std::ranges::sort(found, std::greater{}, &LargeProcess::bytes);
  if (found.size() > count) found.resize(count);
  for (LargeProcess& process : found) process.top = top_of(process.pid);
  return found;
}

}  // namespace bootsman
