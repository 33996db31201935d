#include "shell/container_usage.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "shell/mounts_now.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

std::optional<std::string> text_of(const std::string& path) {
  auto text = read_text(path);
  if (!text) return std::nullopt;
  return std::move(*text);
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const auto text = text_of(path);
  return text ? parse_number(trim(*text)) : std::nullopt;
}

/// Where the kernel's path leads nowhere, the root of the mount is the container's own group.
std::optional<Cgroup> with_file(std::optional<Cgroup> group, const char* file, const char* v1) {
  if (group && text_of(group->folder + "/" + file)) return group;
  for (const Cgroup& usual : {Cgroup{"/sys/fs/cgroup", true}, Cgroup{v1, false}})
    if (text_of(usual.folder + "/" + file)) return usual;
  return std::nullopt;
}

}  // namespace

void ContainerUsage::find() {
  looked_ = true;
  const std::string cgroups = text_of("/proc/self/cgroup").value_or("");
  const MountTable* table = mounts_now();
  const MountTable mounts = table == nullptr ? MountTable{} : *table;
  memory_ = find_memory_cgroup(cgroups, mounts);
  cpu_ = with_file(find_cgroup("cpu", cgroups, mounts), "cpu.stat", "/sys/fs/cgroup/cpu");
  if (!cpu_ || !cpu_->v2)
    account_ = with_file(find_cgroup("cpuacct", cgroups, mounts), "cpuacct.usage",
                         "/sys/fs/cgroup/cpuacct");
}

CgroupUsage ContainerUsage::read() {
  if (!looked_) find();
  CgroupUsage usage;
  if (memory_) {
    usage.memory_bytes =
        number_in(memory_->folder + (memory_->v2 ? "/memory.current" : "/memory.usage_in_bytes"));
    if (const auto limit = text_of(memory_->limit_file()))
      usage.memory_limit_bytes = memory_limit(*limit);
  }
  if (cpu_) {
    const std::string stat = text_of(cpu_->folder + "/cpu.stat").value_or("");
    usage.throttling = parse_throttling(stat);
    if (cpu_->v2) usage.cpu = parse_cpu_usage(stat);
  }
  if (account_) {
    if (const auto ns = number_in(account_->folder + "/cpuacct.usage"))
      usage.cpu = Micros(static_cast<Micros::rep>(*ns / 1000));
  }
  if (cpu_ && cpu_->v2) {
    for (const char* resource : {"cpu", "memory", "io"}) {
      const auto text = text_of(cpu_->folder + "/" + resource + ".pressure");
      auto pressure = text ? parse_pressure(resource, *text) : std::nullopt;
      if (pressure) usage.pressure.push_back(std::move(*pressure));
    }
  }
  return usage;
}

OwnUsage own_usage() {
  OwnUsage own;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0) {
    const auto micros = [](const timeval& time) {
      return Micros(std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec);
    };
    own.cpu = micros(used.ru_utime) + micros(used.ru_stime);
  }
  const std::string statm = text_of("/proc/self/statm").value_or("");
  const auto fields = split(statm, ' ');
  if (fields.size() > 1)
    own.resident_bytes =
        parse_number(fields[1]).value_or(0) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (DIR* folder = ::opendir("/proc/self/fd"); folder != nullptr) {
    while (const dirent* entry = ::readdir(folder))
      if (entry->d_name[0] != '.') ++own.open_fds;
    ::closedir(folder);
    if (own.open_fds > 0) --own.open_fds;  // The folder's own.
  }
  return own;
}

}  // namespace bootsman
