#include "helper/doctor_facts.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/cgroup.h"
#include "base/text.h"
#include "helper/world_facts.h"
#include "plan/accounts.h"
#include "sys/fd.h"
#include "sys/file.h"

namespace bootsman {
namespace {

constexpr std::string_view kListen = "0A";

std::string text_of(const std::string& path) {
  return read_file(path).value_or("");
}

std::string env_text(const std::map<std::string, std::string>& env, const std::string& name) {
  const auto found = env.find(name);
  return found == env.end() ? "" : found->second;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

std::size_t gpu_nodes() {
  return static_cast<std::size_t>(
      std::ranges::count_if(list_directory("/dev"), [](const std::string& name) {
        for (const std::string_view kind : {"nvidia", "davinci"})
          if (name.starts_with(kind) && parse_number(std::string_view(name).substr(kind.size())))
            return true;
        return false;
      }));
}

/// The program that the unit would execute, where it is not there.
std::string missing_program(const Unit& unit, const std::string& path) {
  if (unit.launch.argv.empty() || !unit.conditions.skip_reason.empty()) return "";
  // What asks whether it exists is skipped without it, by intent.
  if (!unit.conditions.if_exists.empty()) return "";
  StepFacts facts;
  const DiskFiles files;
  facts.files = &files;
  facts.env["PATH"] = path;
  const std::string& program = unit.launch.argv[0];
  if (!find_program(facts, program)) return program;
  return "";
}

void look_at_limits(DoctorFacts& facts) {
  const std::string cgroup = text_of("/proc/self/cgroup");
  const MountTable mounts = parse_mountinfo(text_of("/proc/self/mountinfo"));
  for (const MountEntry& mount : mounts) facts.mount_points.push_back(mount.point);
  if (const auto memory = find_memory_cgroup(cgroup, mounts)) {
    facts.memory_limit = memory_limit(text_of(memory->limit_file()));
    facts.oom_group = trim(text_of(memory->folder + "/memory.oom.group")) == "1";
  }
  if (const auto pids = find_cgroup("pids", cgroup, mounts))
    facts.pids_limit = parse_number(trim(text_of(pids->folder + "/pids.max")));
}

}  // namespace

std::vector<std::uint16_t> listening_ports(std::string_view proc_net_tcp) {
  std::vector<std::uint16_t> ports;
  for (const std::string_view line : split(proc_net_tcp, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 4 || words[3] != kListen) continue;
    const std::string_view port = words[1].substr(words[1].rfind(':') + 1);
    std::uint16_t number = 0;
    if (std::from_chars(port.data(), port.data() + port.size(), number, 16).ec == std::errc())
      ports.push_back(number);
  }
  return ports;
}

DoctorFacts gather_doctor_facts(const Plan& plan, const std::map<std::string, std::string>& env,
                                const std::vector<std::string>& paths) {
  DoctorFacts facts;
  facts.kubernetes = env.contains("KUBERNETES_SERVICE_HOST");
  facts.grace_is_set = !env_text(env, "BOOTSMAN_GRACE").empty();
  facts.wants_s3 = !env_text(env, "JOB_PREFIX").empty();
  facts.has_fuse = static_cast<bool>(UniqueFd(::open("/dev/fuse", O_RDWR | O_CLOEXEC)));
  struct statvfs shm = {};
  if (::statvfs("/dev/shm", &shm) == 0) facts.shm_size = std::uint64_t{shm.f_blocks} * shm.f_frsize;
  const std::string devices = env_text(env, "NVIDIA_VISIBLE_DEVICES");
  facts.wants_gpu = !devices.empty() && devices != "void" && devices != "none";
  facts.gpu_nodes = gpu_nodes();
  facts.uid = ::geteuid();
  const auto account = find_account(std::to_string(facts.uid), text_of("/etc/passwd"), "");
  facts.uid_in_passwd = account && !account->name.empty();
  facts.home = env_text(env, "HOME");
  facts.home_writable = ::access(facts.home.c_str(), W_OK) == 0;
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"})
    for (const std::uint16_t port : listening_ports(text_of(table)))
      facts.taken_ports.push_back(port);
  look_at_limits(facts);
  for (std::size_t i = 0; i < plan.units.size(); ++i)
    facts.missing_programs.push_back(
        missing_program(plan.units[i], i < paths.size() ? paths[i] : ""));
  facts.run_sh = text_of("/run.sh");
  facts.supervisor_ini = text_of("/init/supervisor/supervisor.ini");
  return facts;
}

}  // namespace bootsman
