#include "shell/proc_walk.h"

#include <dirent.h>

#include <memory>

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
  if (fields.size() < 2 || fields[0].empty()) return false;
  info.state = fields[0][0];
  const auto parent = parse_number(fields[1]);
  if (!parent) return false;
  info.parent = Pid{static_cast<int>(*parent)};
  return true;
}

}  // namespace

std::vector<ProcessInfo> walk_processes() {
  std::vector<ProcessInfo> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (directory == nullptr) return processes;
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto number = parse_number(entry->d_name);
    if (!number) continue;
    const auto text = read_text(std::string("/proc/") + entry->d_name + "/stat", 4096);
    ProcessInfo info{Pid{static_cast<int>(*number)}, {}, '?', {}};
    if (text && parse_stat(*text, info)) processes.push_back(std::move(info));
  }
  return processes;
}

std::vector<Pid> descendants_of(Pid root) {
  const auto processes = walk_processes();
  std::vector<Pid> found{root};
  // Breadth first; the list grows while it is walked.
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const ProcessInfo& process : processes)
      if (process.parent == found[i] && process.pid != found[i]) found.push_back(process.pid);
  found.erase(found.begin());
  return found;
}

}  // namespace bootsman
