#include "plan/doctor.h"

#include <algorithm>

#include "base/text.h"
#include "config/ini.h"
#include "plan/endpoint.h"

namespace bootsman {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;
/// What container engines give when nobody asks for more, and PyTorch's loaders outgrow.
constexpr std::uint64_t kSmallShm = 64 * kMiB;
constexpr std::uint64_t kSmallMemory = 512 * kMiB;
constexpr std::uint64_t kFewPids = 128;
constexpr Millis kKubernetesGrace{30'000};
constexpr Millis kDockerGrace{10'000};

class Doctor {
 public:
  Doctor(const Plan& plan, const DoctorFacts& facts) : plan_(plan), facts_(facts) {}

  std::vector<Finding> run() {
    programs();
    devices();
    account();
    ports();
    limits();
    grace();
    old_scripts();
    std::ranges::stable_sort(
        found_, [](const Finding& a, const Finding& b) { return a.weight > b.weight; });
    return std::move(found_);
  }

 private:
  void bad(std::string topic, std::string what, std::string advice) {
    found_.push_back({Finding::Weight::Bad, std::move(topic), std::move(what), std::move(advice)});
  }
  void warn(std::string topic, std::string what, std::string advice) {
    found_.push_back(
        {Finding::Weight::Warning, std::move(topic), std::move(what), std::move(advice)});
  }

  /// The mount point, but the root's, that a path lies below; empty for none.
  std::string mount_over(const std::string& path) const {
    std::string longest;
    for (const std::string& mount : facts_.mount_points)
      if (mount.size() > 1 && path.starts_with(mount + "/") && mount.size() > longest.size())
        longest = mount;
    return longest;
  }

  void programs() {
    for (std::size_t i = 0; i < plan_.units.size() && i < facts_.missing_programs.size(); ++i) {
      const std::string& program = facts_.missing_programs[i];
      if (program.empty()) continue;
      const std::string id = plan_.units[i].id();
      const std::string mount = mount_over(program);
      if (mount.empty())
        bad("program", id + " has no program: " + program + " does not exist",
            "install it in the image, correct [" + id + "] command, or set if_exists to skip it");
      else
        bad("mount",
            id + " has no program: " + program + " does not exist, and the mount on " + mount +
                " may hide it",
            "mount the volume elsewhere, or install the program outside of " + mount);
    }
  }

  void devices() {
    const auto mount = std::ranges::find_if(plan_.units, needs_fuse);
    const bool planned = mount != plan_.units.end();
    if ((planned || facts_.wants_s3) && !facts_.has_fuse)
      bad("fuse",
          (planned ? mount->id() : "JOB_PREFIX") +
              " asks for an s3fs mount, and /dev/fuse can't be used",
          "add the device /dev/fuse and the capability SYS_ADMIN to the container");
    if (facts_.wants_gpu && facts_.gpu_nodes == 0)
      bad("gpu", "NVIDIA_VISIBLE_DEVICES names GPUs, and there is no device node of one",
          "ask for the GPU in the pod's resources, and run it with the GPU vendor's runtime");
    if (!facts_.shm_size)
      warn("shm", "/dev/shm is not there: programs that share memory will fail",
           "mount a tmpfs on /dev/shm");
    else if (*facts_.shm_size <= kSmallShm)
      warn("shm",
           "/dev/shm has only " + say_size(*facts_.shm_size) +
               ": data loaders with several processes run out of it",
           "run with --shm-size=8g, or mount an emptyDir of medium Memory on /dev/shm");
  }

  void account() {
    if (!facts_.uid_in_passwd)
      warn("uid", "uid " + std::to_string(facts_.uid) + " has no line in /etc/passwd",
           "programs that ask for their user's name fail (ssh, git, whoami): add the user to the "
           "image");
    if (facts_.home.empty())
      warn("home", "HOME is not set", "set HOME in the image or the pod");
    else if (!facts_.home_writable)
      warn("home", "HOME is " + printable(facts_.home) + ", and can't be written",
           "set HOME to a folder that uid " + std::to_string(facts_.uid) +
               " may write, or mount a volume there");
  }

  void port(const std::string& user, std::uint16_t port) {
    const bool taken = std::ranges::find(facts_.taken_ports, port) != facts_.taken_ports.end();
    if (taken && !facts_.init_runs)
      bad("port", "port " + std::to_string(port) + ", which " + user + " needs, is taken",
          "another process or container of this network has it: end it, or choose another port");
  }

  void ports() {
    if (plan_.http.enabled)
      for (const ListenAddress& address : plan_.http.listen)
        if (socket_of(address).empty()) port("http.listen", address.port);
    for (const Unit& unit : plan_.units) {
      if (!unit.ready || unit.kind != UnitKind::Service) continue;
      if (const auto* tcp = std::get_if<TcpProbe>(&unit.ready->probe)) port(unit.id(), tcp->port);
      if (const auto* http = std::get_if<HttpProbe>(&unit.ready->probe))
        port(unit.id(), http->port);
    }
  }

  void limits() {
    if (facts_.memory_limit && *facts_.memory_limit < kSmallMemory)
      warn("memory", "the container may use only " + say_size(*facts_.memory_limit) + " of memory",
           "JupyterLab alone takes some 200 MiB: raise the memory limit");
    if (facts_.pids_limit && *facts_.pids_limit < kFewPids)
      warn("pids",
           "the container may have only " + std::to_string(*facts_.pids_limit) + " processes",
           "numerical libraries start a thread per core: raise the limit of processes");
    if (facts_.oom_group)
      warn("oom",
           "memory.oom.group is set: when memory runs out the whole container is killed, not one "
           "process",
           "set singleProcessOOMKill of the kubelet, or keep units below the limit");
  }

  void grace() {
    const Millis timeout = plan_.shutdown.timeout;
    const Millis usual = facts_.kubernetes ? kKubernetesGrace : kDockerGrace;
    const std::string key =
        facts_.kubernetes ? "terminationGracePeriodSeconds of the pod" : "docker stop --time";
    if (timeout >= usual && !facts_.grace_is_set)
      warn("grace",
           "a shutdown may take " + format_duration(timeout) + ", and the platform kills after " +
               format_duration(usual) + " unless it was told otherwise",
           "raise " + key + " above " + format_duration(timeout) +
               " and set BOOTSMAN_GRACE, or lower shutdown.timeout");
    if (plan_.shutdown.drain >= timeout && timeout.count() > 0)
      bad("drain",
          "shutdown.drain takes all of shutdown.timeout, so units are killed without a word",
          "lower shutdown.drain below " + format_duration(timeout));
  }

  void old_scripts() {
    if (facts_.run_sh.find("s3fs") != std::string::npos)
      warn("run.sh", "/run.sh mounts by itself, and may delete what lies in its target first",
           "call it by nobody but the job, or replace it (README: what replaces what)");
    std::string names;
    for (const IniSection& section : parse_ini(facts_.supervisor_ini)) {
      if (!section.name.starts_with("program:")) continue;
      const std::string name = section.name.substr(8);
      const std::string* command = section.find("command");
      if (!known(name, command == nullptr ? "" : *command))
        names += (names.empty() ? "" : ", ") + printable(name, 60);
    }
    if (!names.empty())
      warn("supervisor",
           "programs of /init/supervisor/supervisor.ini that nobody runs now: " + names,
           "`bootsman import /init/supervisor/supervisor.ini` prints them as a configuration");
  }

  /// Whether a service has that name or runs that program.
  bool known(const std::string& name, std::string_view command) const {
    const auto base = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
    const std::string_view program = base(command.substr(0, command.find(' ')));
    return std::ranges::any_of(plan_.units, [&](const Unit& unit) {
      return unit.name == name || (!unit.launch.argv.empty() && !program.empty() &&
                                   base(unit.launch.argv[0]) == program);
    });
  }

  const Plan& plan_;
  const DoctorFacts& facts_;
  std::vector<Finding> found_;
};

}  // namespace

bool needs_fuse(const Unit& unit) {
  return unit.mount && unit.mount->type == MountPlan::Type::S3fs &&
         unit.conditions.skip_reason.empty();
}

std::vector<Finding> diagnose(const Plan& plan, const DoctorFacts& facts) {
  return Doctor(plan, facts).run();
}

std::string summary_of(const std::vector<Finding>& findings) {
  if (findings.empty()) return "";
  const auto bad = std::ranges::count(findings, Finding::Weight::Bad, &Finding::weight);
  const auto warnings = static_cast<std::ptrdiff_t>(findings.size()) - bad;
  std::vector<std::string> topics;
  for (const Finding& finding : findings)
    if (std::ranges::find(topics, finding.topic) == topics.end()) topics.push_back(finding.topic);
  std::string text = "doctor: ";
  if (bad > 0) text += std::to_string(bad) + " bad";
  if (warnings > 0)
    text += (bad > 0 ? ", " : "") + std::to_string(warnings) +
            (warnings == 1 ? " warning" : " warnings");
  return text + ": " + join(topics, ", ") + "; `bootsman doctor` says more";
}

}  // namespace bootsman
