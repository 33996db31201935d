#include "plan/launch_plan.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "plan/accounts.h"
#include "plan/env_file.h"

namespace bootsman {
namespace {

using Strings = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

struct LimitKey {
  std::string_view path;
  int resource;  // RLIMIT_* of Linux on x86 and ARM, asm-generic/resource.h.
};
constexpr std::array kLimits{LimitKey{"limits.fsize", 1},   LimitKey{"limits.data", 2},
                             LimitKey{"limits.stack", 3},   LimitKey{"limits.core", 4},
                             LimitKey{"limits.nproc", 6},   LimitKey{"limits.nofile", 7},
                             LimitKey{"limits.memlock", 8}, LimitKey{"limits.as", 9}};

class LaunchPlanner {
 public:
  LaunchPlanner(const UnitConfig& config, const PlanFacts& facts, Diagnostics& diagnostics,
                Launch& launch)
      : config_(config),
        settings_(config.settings),
        facts_(facts),
        diagnostics_(diagnostics),
        launch_(launch) {}

  void plan() {
    places();
    environment();
    account();
    limits();
    capabilities();
  }

 private:
  std::string key_path(std::string_view key) const { return config_.id() + "." + std::string(key); }

  void error(std::string_view key, std::string text) {
    diagnostics_.error(settings_.find(key)->at, key_path(key), std::move(text));
  }
  void warning(std::string_view key, std::string text) {
    diagnostics_.warning(settings_.find(key)->at, key_path(key), std::move(text));
  }

  /// The value of a key, where it can be interpreted.
  template <class T>
  const T* resolved(std::string_view key) const {
    const Setting* setting = settings_.find(key);
    return setting == nullptr || setting->unresolved ? nullptr : settings_.get<T>(key);
  }

  void places() {
    settings_.read<Strings>("path", launch_.path);
    settings_.read<std::string>("directory", launch_.directory);
    settings_.read<bool>("tty", launch_.tty);
    settings_.read<bool>("no_new_privileges", launch_.no_new_privileges);
    if (const std::int64_t* umask = settings_.get<std::int64_t>("umask"))
      launch_.umask = static_cast<std::uint32_t>(*umask);
    if (const Strings* path = resolved<Strings>("path"))
      for (const std::string& folder : *path)
        if (!folder.starts_with('/'))
          error("path", "must hold absolute paths, not \"" + printable(folder, 80) + "\"");
    if (const std::string* directory = resolved<std::string>("directory"))
      if (!directory->starts_with('/'))
        error("directory", "must be an absolute path, not \"" + printable(*directory, 80) + "\"");
  }

  void environment() {
    if (const Strings* files = resolved<Strings>("env_file"))
      for (const std::string& file : *files) env_file(file);
    if (const Pairs* env = settings_.get<Pairs>("env"))
      for (const auto& [name, value] : *env) set_variable(name, value);
  }

  void set_variable(const std::string& name, const std::string& value) {
    const auto found = std::ranges::find(launch_.env, name, &EnvVar::name);
    if (found != launch_.env.end())
      found->value = value;
    else
      launch_.env.push_back({name, value});
  }

  void env_file(std::string_view path) {
    const bool may_lack = path.starts_with('-');
    if (may_lack) path.remove_prefix(1);
    // What a skipped unit names may well not be there.
    if (!config_.skip_reason.empty()) return;
    if (!path.starts_with('/')) {
      return error("env_file", "must hold absolute paths, not \"" + printable(path, 80) + "\"");
    }
    if (!facts_.read_file) return;
    const Result<std::string> text = facts_.read_file(std::string(path));
    if (!text) {
      if (may_lack) return;
      return facts_.must_resolve ? error("env_file", text.error().message())
                                 : warning("env_file", text.error().message());
    }
    const Result<std::vector<EnvVar>> variables = parse_env_file(*text);
    if (!variables) {
      return error("env_file",
                   "cannot read " + printable(path, 80) + ": " + variables.error().message());
    }
    for (const EnvVar& variable : *variables) set_variable(variable.name, variable.value);
  }

  void account() {
    const std::string* user = resolved<std::string>("user");
    if (user == nullptr) return;
    Result<Account> account = find_account(*user, facts_.passwd(), facts_.group());
    if (!account) return error("user", account.error().message());
    if (facts_.uid != 0) {
      if (account->uid != facts_.uid) {
        warning("user", "cannot run as " + printable(*user, 60) + ": the init itself is uid " +
                            std::to_string(facts_.uid) + ", and so will this unit be");
      }
      return;
    }
    const auto set = [&](const char* name, const std::string& value) {
      std::vector<EnvVar>& env = launch_.env;
      if (!value.empty() && std::ranges::find(env, name, &EnvVar::name) == env.end())
        env.push_back({name, value});
    };
    set("HOME", account->home);
    set("USER", account->name);
    set("LOGNAME", account->name);
    set("SHELL", account->shell);
    launch_.account = std::move(*account);
  }

  void limits() {
    for (const LimitKey& limit : kLimits)
      if (const std::uint64_t* value = settings_.get<std::uint64_t>(limit.path))
        launch_.limits.push_back({limit.resource, *value});
    if (const std::int64_t* nice = settings_.get<std::int64_t>("limits.nice"))
      launch_.nice = static_cast<int>(*nice);
    if (const std::int64_t* score = settings_.get<std::int64_t>("limits.oom_score_adj"))
      launch_.oom_score_adj = static_cast<int>(*score);
    if (const std::string* text = resolved<std::string>("limits.ioprio")) {
      const Result<int> ioprio = parse_ioprio(*text);
      if (!ioprio) return error("limits.ioprio", ioprio.error().message());
      launch_.ioprio = *ioprio;
    }
  }

  CapabilitySet capability_set(std::string_view key, bool may_be_all) {
    CapabilitySet set = 0;
    const Strings* names = resolved<Strings>(key);
    if (names == nullptr) return set;
    for (const std::string& name : *names) {
      if (may_be_all && (name == "ALL" || name == "all")) return kAllCapabilities;
      const Result<int> number = parse_capability(name);
      if (number)
        set |= CapabilitySet{1} << *number;
      else
        error(key, number.error().message());
    }
    return set;
  }

  void capabilities() {
    const CapabilitySet drop = capability_set("capabilities.drop", true);
    const CapabilitySet keep = capability_set("capabilities.keep", false);
    if (keep != 0 && drop != 0 && drop != kAllCapabilities)
      error("capabilities.keep",
            "drops all others: capabilities.drop can only be \"ALL\" beside it");
    launch_.dropped = keep != 0 ? ~keep : drop;
    launch_.ambient = capability_set("capabilities.ambient", false);
    for (int number = 0; number < 64; ++number)
      if ((launch_.dropped & launch_.ambient & (CapabilitySet{1} << number)) != 0)
        error("capabilities.ambient", capability_name(number) +
                                          " is dropped by capabilities.drop: name it in "
                                          "capabilities.keep too");
  }

  const UnitConfig& config_;
  const Settings& settings_;
  const PlanFacts& facts_;
  Diagnostics& diagnostics_;
  Launch& launch_;
};

}  // namespace

void plan_launch(const UnitConfig& config, const PlanFacts& facts, Diagnostics& diagnostics,
                 Launch& launch) {
  LaunchPlanner(config, facts, diagnostics, launch).plan();
}

Result<int> parse_ioprio(std::string_view text) {
  constexpr int kClassShift = 13;
  constexpr int kRealtime = 1;
  constexpr int kBestEffort = 2;
  constexpr int kIdle = 3;
  if (text == "idle") return kIdle << kClassShift;
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const int kind = word == "realtime" ? kRealtime : word == "best-effort" ? kBestEffort : 0;
  const auto level = colon == std::string_view::npos ? std::optional<std::uint64_t>()
                                                     : parse_number(text.substr(colon + 1));
  if (kind == 0 || !level || *level > 7)
    return fail("cannot read the I/O priority \"" + printable(text, 60) +
                "\": write \"realtime:LEVEL\", \"best-effort:LEVEL\" (levels 0 to 7) or \"idle\"");
  return (kind << kClassShift) | static_cast<int>(*level);
}

}  // namespace bootsman
