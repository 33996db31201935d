#include "helper/motd_main.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "helper/command.h"
#include "helper/world_facts.h"
#include "steps/motd_text.h"
#include "steps/text_block.h"
#include "sys/file.h"

extern char** environ;

namespace bootsman {
namespace {

constexpr Millis kGpuTimeout{2000};

std::string env_text(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The first of these files that can be read.
std::optional<std::string> first_of(const std::vector<std::string>& paths) {
  for (const std::string& path : paths)
    if (auto text = read_file(path)) return std::move(*text);
  return std::nullopt;
}

/// Where a controller's files may be: the process's own cgroup, then the root of the mount, which
/// is the container's own cgroup where it has a namespace for them.
std::vector<std::string> places(const std::string& mount, const std::string& controller,
                                const std::string& file) {
  std::vector<std::string> paths;
  const std::string cgroups = read_file("/proc/self/cgroup").value_or("");
  for (const std::string_view line : lines_of(cgroups)) {
    const auto fields = split(line, ':');
    if (fields.size() < 3) continue;
    bool mine = controller.empty() && fields[1].empty();
    for (const std::string_view name : split(fields[1], ','))
      mine = mine || (!controller.empty() && name == controller);
    if (mine && fields[2] != "/") paths.push_back(mount + std::string(fields[2]) + "/" + file);
  }
  paths.push_back(mount + "/" + file);
  return paths;
}

std::optional<std::optional<double>> cpu_limit() {
  if (const auto text = first_of(places("/sys/fs/cgroup", "", "cpu.max")))
    return parse_cpu_max(*text);
  const auto quota = first_of(places("/sys/fs/cgroup/cpu", "cpu", "cpu.cfs_quota_us"));
  const auto period = first_of(places("/sys/fs/cgroup/cpu", "cpu", "cpu.cfs_period_us"));
  if (!quota || !period) return std::nullopt;
  return parse_cpu_quota(*quota, *period);
}

std::optional<std::optional<std::uint64_t>> memory_limit() {
  auto text = first_of(places("/sys/fs/cgroup", "", "memory.max"));
  if (!text) text = first_of(places("/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes"));
  return text ? parse_memory_limit(*text) : std::nullopt;
}

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      env[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
  }
  return env;
}

/// What the program prints; empty where it is not there, fails, or takes too long.
std::string output_of(std::string_view name, std::vector<std::string> arguments) {
  const DiskFiles files;
  StepFacts facts;
  facts.files = &files;
  facts.env = own_environment();
  const auto program = find_program(facts, name);
  if (!program) return "";
  arguments.insert(arguments.begin(), *program);
  auto output = run_command({.argv = std::move(arguments), .timeout = kGpuTimeout}, facts.env);
  if (!output || output->timed_out || !output->status.success()) return "";
  return std::move(output->out);
}

std::vector<std::string> gpu_names() {
  std::vector<std::string> names;
  const std::string text = output_of("nvidia-smi", {"--query-gpu=name", "--format=csv,noheader"});
  for (const std::string_view line : lines_of(text))
    if (!trim(line).empty()) names.emplace_back(trim(line));
  return names;
}

std::optional<MotdFacts::Disk> root_disk() {
  struct statvfs fs = {};
  if (::statvfs("/", &fs) != 0 || fs.f_blocks == 0) return std::nullopt;
  MotdFacts::Disk disk;
  disk.total = std::uint64_t{fs.f_blocks} * fs.f_frsize;
  disk.used = std::uint64_t{fs.f_blocks - fs.f_bfree} * fs.f_frsize;
  disk.available = std::uint64_t{fs.f_bavail} * fs.f_frsize;
  return disk;
}

}  // namespace

int motd_command(bool colour) {
  MotdFacts facts;
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (const auto limit = cpu_limit())
    facts.cpu = MotdFacts::Cpu{*limit, cores > 0 ? static_cast<unsigned>(cores) : 0};
  if (const auto limit = memory_limit()) {
    facts.memory_known = true;
    facts.memory_limit = *limit;
  }
  facts.gpus = gpu_names();
  facts.npus = parse_npu_names(output_of("npu-smi", {"info"}));
  facts.disk = root_disk();
  const std::string text = motd_text(
      facts, motd_language(env_text("LC_ALL"), env_text("LC_MESSAGES"), env_text("LANG")), colour);
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace bootsman
