#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/capabilities.h"
#include "base/log_style.h"
#include "base/types.h"
#include "base/value.h"

namespace bootsman {

// What the init will do, fully resolved: no variable, no name to look up, no default left open.
// Made once by plan/make_plan.h from the configuration and the facts of this container, then only
// read: by the core (order, policies), by the shell (launch, logs, ports) and by status output.

enum class UnitKind : std::uint8_t { Step, Mount, Service, Job };
enum class OnFailure : std::uint8_t { Ignore, Unhealthy, Shutdown };

struct EnvVar {
  std::string name;
  std::string value;
  bool operator==(const EnvVar&) const = default;
};

/// Who a process runs as, looked up in the text of /etc/passwd and /etc/group.
struct Account {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< Supplementary groups, gid included.
  std::string name;                   ///< Empty for a bare number without an entry.
  std::string home;
  std::string shell;
  bool operator==(const Account&) const = default;
};

/// One resource limit, see setrlimit(2).
struct ResourceLimit {
  static constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};
  int resource = 0;         ///< RLIMIT_*
  std::uint64_t value = 0;  ///< Soft and hard alike; a hard limit is never raised.
  bool operator==(const ResourceLimit&) const = default;
};

/// How to start a process. Everything the child needs between clone and exec.
struct Launch {
  /// argv[0] without a slash is looked for in the unit's PATH, and becomes the path that was found.
  std::vector<std::string> argv;
  std::vector<std::string> path;     ///< Directories put before PATH.
  std::vector<EnvVar> env;           ///< Set on top of the init's environment.
  std::vector<std::string> secrets;  ///< Names out of Plan::secret_names which this unit gets.
  std::string directory;             ///< Empty: the init's own.
  std::optional<Account> account;    ///< Nothing: as the init itself.
  std::vector<ResourceLimit> limits;
  std::optional<int> nice;
  std::optional<int> ioprio;  ///< Class and level in one number, see ioprio_set(2).
  std::optional<int> oom_score_adj;
  std::optional<std::uint32_t> umask;
  bool no_new_privileges = false;
  CapabilitySet dropped = 0;  ///< Capabilities that it, and all below it, can never have.
  CapabilitySet ambient = 0;  ///< Capabilities that it has although it is not root.
  bool tty = false;           ///< Has a terminal of its own as stdin, stdout and stderr.
  bool operator==(const Launch&) const = default;
};

struct RestartPolicy {
  enum class When : std::uint8_t { Always, OnFailure, Never };
  When when = When::Always;
  Millis delay{500};
  Millis max_delay{30'000};
  double factor = 2.0;
  double jitter = 0.1;         ///< The delay is drawn from delay × (1 ± jitter).
  Millis reset_after{60'000};  ///< A run of at least this length starts again at `delay`.
  std::uint32_t limit = 0;     ///< Restarts allowed within `within`; 0: never give up.
  Millis within{300'000};
  bool operator==(const RestartPolicy&) const = default;
};

/// Which processes a stop signal is meant for.
enum class KillScope : std::uint8_t { Process, Group, Tree };

/// A further signal for a unit that has not ended yet.
struct LaterSignal {
  Millis after{0};  ///< Since the one before it.
  Signal signal;
  bool operator==(const LaterSignal&) const = default;
};

/// How a unit is asked to end: by its command, if it has one, then by its signals, at last by
/// SIGKILL.
struct StopPolicy {
  Signal signal{15};
  std::vector<LaterSignal> later;
  /// Run as the unit would be; it, and the end that it asks for, have half of the time.
  std::vector<std::string> command;
  Millis timeout{10'000};  ///< Of the whole; SIGKILL then.
  KillScope kill = KillScope::Group;
  bool operator==(const StopPolicy&) const = default;
};

struct TcpProbe {
  std::string host;  ///< A numeric address.
  std::uint16_t port = 0;
  bool operator==(const TcpProbe&) const = default;
};
struct HttpProbe {
  std::string host;  ///< A numeric address (localhost is 127.0.0.1).
  std::uint16_t port = 80;
  std::string path = "/";  ///< With its query, percent-encoded.
  int status = 0;          ///< The status wanted; 0: any 2xx or 3xx.
  /// What the first 64 KiB of the body must contain; empty: whatever it is.
  std::string body = {};
  bool operator==(const HttpProbe&) const = default;
};
struct ExecProbe {
  std::vector<std::string> argv;  ///< Run with the unit's account, directory and environment.
  bool operator==(const ExecProbe&) const = default;
};
struct FileProbe {
  std::string path;  ///< Asked for by a helper, never by PID 1.
  bool operator==(const FileProbe&) const = default;
};
struct LogProbe {
  std::string text;  ///< A substring of one line of the unit's output in this run.
  bool operator==(const LogProbe&) const = default;
};
/// Nobody asks: the unit says READY=1 by sd_notify(3), on the socket that $NOTIFY_SOCKET names.
struct NotifyProbe {
  bool operator==(const NotifyProbe&) const = default;
};
/// Nobody asks: the unit writes a line end to this descriptor of its, as s6's notification-fd.
struct NotifyFdProbe {
  int fd = 3;
  bool operator==(const NotifyFdProbe&) const = default;
};
/// Nobody asks: the unit says WATCHDOG=1 by sd_notify(3), or is unhealthy. Health only.
struct WatchdogProbe {
  Millis within{30'000};  ///< The longest silence.
  bool operator==(const WatchdogProbe&) const = default;
};
/// A look-up of a name that is not there, on the mount itself; made by the mount's own helper.
struct MountProbe {
  bool operator==(const MountProbe&) const = default;
};
using Probe = std::variant<TcpProbe, HttpProbe, ExecProbe, FileProbe, LogProbe, NotifyProbe,
                           NotifyFdProbe, WatchdogProbe, MountProbe>;
/// Whether the unit speaks by itself, so that no probe is ever started.
bool speaks_by_itself(const Probe& probe);

enum class OnUnhealthy : std::uint8_t { Mark, Restart };

struct CheckPlan {
  Probe probe;
  Millis initial_delay{0};
  Millis every{500};
  Millis timeout{2'000};
  std::uint32_t failures = 3;  ///< Health only: failures in a row until unhealthy.
  OnUnhealthy on_unhealthy = OnUnhealthy::Mark;
  bool operator==(const CheckPlan&) const = default;
};

struct Conditions {
  std::vector<std::string>
      if_exists;  ///< Holds when any exists; a bare name is looked for in PATH.
  std::vector<std::string> if_not_exists;  ///< Holds when none exists.
  /// Settled while planning (`if_env`, `enabled` of a dependency …): not empty means skipped.
  std::string skip_reason;
  bool mount_conflict = false;  ///< A mount: whether its target is free for it is asked as well.
  bool asks() const { return !if_exists.empty() || !if_not_exists.empty() || mount_conflict; }
  bool operator==(const Conditions&) const = default;
};

/// A file that gets a unit's lines, written by a helper.
struct LogFilePlan {
  std::string path;                       ///< Empty: none.
  std::uint64_t size = 10 * 1024 * 1024;  ///< A file above this is put aside; 0: never.
  std::uint32_t count = 5;                ///< How many files are kept that were put aside.
  bool operator==(const LogFilePlan&) const = default;
};

struct LogPlan {
  LogFormat format = LogFormat::Text;
  WhenBlocked when_blocked = WhenBlocked::Drop;
  LogColour colour = LogColour::Auto;
  bool time = false;         ///< The time in front of each line.
  bool mark_stderr = false;  ///< "!" in place of "|" for lines of stderr.
  bool merge = false;        ///< stdout and stderr share one pipe, so their order holds.
  Millis fold{0};            ///< At most one state of a progress bar in this time; 0: all.
  LogJoin join = LogJoin::None;
  std::uint32_t rate = 0;  ///< Lines in a second at most; 0: no limit.
  LogFilePlan file;
  bool operator==(const LogPlan&) const = default;
};

/// When a built-in step is due.
enum class StepWhen : std::uint8_t { Always, Once, Changed };

/// A step that a helper applies. Steps with a command have a Launch instead.
struct BuiltinStep {
  std::string type;  ///< "motd", "pip", … (steps/catalog.h)
  StepWhen when = StepWhen::Changed;
  Value settings;  ///< The step's own keys, defaults filled in, variables expanded.
  bool operator==(const BuiltinStep&) const = default;
};

/// Where and how a mount of type s3fs reaches its objects.
struct S3Access {
  std::string endpoint;  ///< URL without a slash at its end.
  std::string bucket;
  std::string prefix;                  ///< Without slashes at its ends.
  std::string region;                  ///< Empty: s3fs's own default.
  std::string access_key;              ///< The key's id. Not a secret, yet shown shortened only.
  std::string secret;                  ///< The name of the secret that holds the secret key.
  std::vector<std::string> decryptor;  ///< Turns the secret into the key; empty: it is the key.
  bool preflight = true;               ///< Ask the server first, to know why it refuses.
  std::string cache;                   ///< Folder; empty: none.
  std::uint64_t cache_limit = 0;       ///< Bytes; 0: none.
  bool operator==(const S3Access&) const = default;
};

/// What a mount unit mounts. Its program, where the type needs one, is the unit's Launch.
struct MountPlan {
  enum class Type : std::uint8_t { S3fs, Nfs, Bind, Tmpfs, Command };
  Type type = Type::Tmpfs;
  std::string target;  ///< Absolute, without a slash at its end.
  std::string source;  ///< "s3://bucket/prefix", "server:/export", "/folder"; empty for others.
  bool read_only = false;
  std::vector<std::string> options;
  std::optional<S3Access> s3;  ///< Of type S3fs.
  bool operator==(const MountPlan&) const = default;
};

struct Unit {
  UnitKind kind = UnitKind::Service;
  std::string name;  ///< Bare; "job" for the job.
  bool early = false;
  OnFailure on_failure = OnFailure::Unhealthy;
  std::vector<UnitIndex>
      after;  ///< All units to wait for, the implicit ones and `requires` included.
  std::vector<UnitIndex> requires_;  ///< Those whose failure blocks this unit.
  /// Those of `after` which, when they are ready again after an end, have this unit restarted.
  std::vector<UnitIndex> restart_on;
  Conditions conditions;
  std::optional<BuiltinStep> builtin;
  std::optional<MountPlan> mount;  ///< Of mounts, always.
  Launch launch;
  RestartPolicy restart;
  StopPolicy stop;
  std::optional<CheckPlan> ready;
  std::optional<CheckPlan> health;
  Millis settle{0};  ///< Without `ready`: ready after running for this long.
  /// Steps: the longest run; services: until first ready; mounts: how long to try until first
  /// ready.
  std::optional<Millis> timeout;
  std::vector<int> success_codes{0};
  std::vector<Signal> forward;  ///< Signals to the init that are passed on to the unit's process.
  LogPlan log;

  /// "service.sshd", "step.motd"; the job is just "job".
  std::string id() const;
  /// Whether its process gets a socket for sd_notify(3).
  bool notifies() const;
  bool operator==(const Unit&) const = default;
};

struct ShutdownPlan {
  Millis drain{0};
  Millis timeout{9'000};
  bool operator==(const ShutdownPlan&) const = default;
};

struct ListenAddress {
  std::string host;  ///< Numeric IPv4 or IPv6.
  std::uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;
};

struct HttpPlan {
  bool enabled = true;
  std::vector<ListenAddress> listen{{"0.0.0.0", 8080}};
  bool operator==(const HttpPlan&) const = default;
};

struct ControlPlan {
  bool enabled = true;
  std::optional<std::uint32_t> reader_group;  ///< May read.
  std::optional<std::uint32_t> admin_group;   ///< May do all.
  bool operator==(const ControlPlan&) const = default;
};

struct Plan {
  /// In start order: every unit stands behind all that its `after` names (so the graph has no
  /// cycle), otherwise in the order of the configuration.
  std::vector<Unit> units;
  /// For each unit, those that name it in `after`.
  std::vector<std::vector<UnitIndex>> dependants;
  ShutdownPlan shutdown;
  HttpPlan http;
  ControlPlan control;
  LogPlan log;  ///< For the init's own lines, and what units begin from.
  std::vector<std::string> secret_names;
  std::string termination_log = "/dev/termination-log";  ///< Empty: none is written.
  /// Where the configuration came from, for status and doctor: files in the order of merging.
  std::vector<std::string> sources;

  const Unit& operator[](UnitIndex index) const { return units[index.value]; }
  std::optional<UnitIndex> find(std::string_view id_or_bare_name) const;
  std::optional<UnitIndex> job() const;
};

std::string_view to_text(UnitKind kind);
std::string_view to_text(MountPlan::Type type);
std::string_view to_text(OnFailure on_failure);

}  // namespace bootsman
