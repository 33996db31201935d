#include "shell/proc_walk.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>

#include "base/text.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

/// "PID (comm) S PPID …": comm may hold spaces and brackets, so the last ')' counts (proc(5)).
bool parse_stat(std::string_view text, ProcessInfo& info) {
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return false;
  info.name = std::string(text.substr(open + 1, close - open - 1));
  const auto fields = split(trim(text.substr(close + 1)), ' ');
  constexpr std::size_t kStarted = 19;  // Field 22 of the whole line.
  if (fields.size() <= kStarted || fields[0].empty()) return false;
  info.state = fields[0][0];
  const auto parent = parse_number(fields[1]);
  const auto group = parse_number(fields[2]);
  const auto session = parse_number(fields[3]);
  const auto started = parse_number(fields[kStarted]);
  if (!parent || !group || !session || !started) return false;
  info.parent = Pid{static_cast<int>(*parent)};
  info.group = Pid{static_cast<int>(*group)};
  info.session = Pid{static_cast<int>(*session)};
  info.started = *started;
  // proc(5) counts from 1, and the state is its field 3.
  constexpr std::size_t kUserTime = 14 - 3;
  constexpr std::size_t kRss = 24 - 3;
  if (fields.size() <= kRss) return true;
  info.cpu_ticks = parse_number(fields[kUserTime]).value_or(0) +
                   parse_number(fields[kUserTime + 1]).value_or(0);
  info.rss_pages = parse_number(fields[kRss]).value_or(0);
  return true;
}

std::optional<ProcessInfo> look_at(Pid pid) {
  const auto text = read_text("/proc/" + std::to_string(pid.value) + "/stat", 4096);
  ProcessInfo info{pid, {}, '?', {}};
  if (!text || !parse_stat(*text, info)) return std::nullopt;
  return info;
}

}  // namespace

Kinship kinship(Pid pid, Pid leader) {
  // Deeper chains than this nobody builds; a bound, since the chain may change while it is read.
  constexpr int kDepth = 64;
  for (int depth = 0; depth < kDepth; ++depth) {
    const auto info = look_at(pid);
    if (!info) return depth == 0 ? Kinship::Gone : Kinship::Stranger;
    const bool same = info->group == leader || info->session == leader || info->parent == leader;
    if (same) return Kinship::Kin;
    if (info->parent.value <= 1) return Kinship::Stranger;
    pid = info->parent;
  }
  return Kinship::Stranger;
}

std::vector<ProcessInfo> walk_processes() {
  std::vector<ProcessInfo> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (directory == nullptr) return processes;
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto number = parse_number(entry->d_name);
    if (!number) continue;
    if (auto info = look_at(Pid{static_cast<int>(*number)})) processes.push_back(std::move(*info));
  }
  return processes;
}

std::vector<Pid> descendants_of(const std::vector<ProcessInfo>& processes, std::vector<Pid> roots) {
  std::vector<Pid> found = std::move(roots);
  // Breadth first; the list grows while it is walked.
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const ProcessInfo& process : processes)
      if (process.parent == found[i] && process.pid != found[i]) found.push_back(process.pid);
  return found;
}

std::vector<ProcessInfo> descendants_of(Pid root) {
  const auto processes = walk_processes();
  std::vector<ProcessInfo> found;
  const auto add_children = [&](Pid parent) {
    for (const ProcessInfo& process : processes)
      if (process.parent == parent && process.pid != parent) found.push_back(process);
  };
  add_children(root);
  // Breadth first; the list grows while it is walked.
  for (std::size_t i = 0; i < found.size(); ++i) add_children(found[i].pid);
  return found;
}

bool lives(const SeenProcess& process) {
  const auto info = look_at(process.pid);
  return info && info->started == process.started && info->state != 'Z' && info->state != 'X';
}

void signal_seen(const SeenProcess& process, Signal signal) {
  // The descriptor comes first: if the number has changed hands before, the start time shows it,
  // and afterwards the descriptor stays with its process.
  const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid.value, 0)));
  const bool unknown = !fd && errno != ESRCH;
  if ((!fd && !unknown) || !lives(process)) return;
  if (fd && ::syscall(SYS_pidfd_send_signal, fd.get(), signal.value, nullptr, 0) == 0) return;
  if (fd && errno != ENOSYS) return;
  ::kill(process.pid.value, signal.value);
}

}  // namespace bootsman
