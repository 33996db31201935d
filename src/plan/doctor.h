#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bootsman {

/// What `bootsman doctor` knows of the container.
struct DoctorFacts {
  bool kubernetes = false;
  bool grace_is_set = false;              ///< $BOOTSMAN_GRACE has a value.
  bool wants_s3 = false;                  ///< $JOB_PREFIX has a value.
  bool has_fuse = false;                  ///< /dev/fuse can be opened.
  std::optional<std::uint64_t> shm_size;  ///< Bytes of /dev/shm; nothing: it is not there.
  bool wants_gpu = false;                 ///< $NVIDIA_VISIBLE_DEVICES names devices.
  std::size_t gpu_nodes = 0;              ///< /dev/nvidia0, /dev/davinci0, …
  std::uint32_t uid = 0;
  bool uid_in_passwd = true;
  std::string home;  ///< $HOME.
  bool home_writable = true;
  bool init_runs = false;  ///< Then the ports are its own.
  /// TCP ports that somebody listens on.
  std::vector<std::uint16_t> taken_ports;
  std::optional<std::uint64_t> memory_limit;  ///< Bytes.
  std::optional<std::uint64_t> pids_limit;
  bool oom_group = false;  ///< memory.oom.group of the container's control group.
  /// By unit: the program that would be executed is not there; empty: it is.
  std::vector<std::string> missing_programs;
  std::vector<std::string> mount_points;  ///< Of /proc/self/mountinfo.
  std::string run_sh;                     ///< Text of /run.sh.
  std::string supervisor_ini;             ///< Text of /init/supervisor/supervisor.ini.
};

/// One thing that is not as it should be, and what to do about it.
struct Finding {
  enum class Weight : std::uint8_t { Warning, Bad };
  Weight weight = Weight::Warning;
  std::string topic;   ///< One word: "shm".
  std::string what;    ///< A sentence.
  std::string advice;  ///< What to do, a sentence.
};

/// A mount by s3fs that is to be made.
bool needs_fuse(const Unit& unit);

/// Pure: the same facts give the same findings, the bad ones first.
std::vector<Finding> diagnose(const Plan& plan, const DoctorFacts& facts);

/// For the log of a boot: "doctor: 1 bad, 2 warnings: shm, home, grace; `bootsman doctor` says
/// more". Empty without findings.
std::string summary_of(const std::vector<Finding>& findings);

}  // namespace bootsman
