#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "shell/children.h"
#include "shell/log_hub.h"
#include "shell/notify.h"

namespace bootsman {

/// The environment that units start from, and the secrets that only some get.
class UnitEnvironment {
 public:
  /// What told the init itself to speak to who started it (NOTIFY_SOCKET, WATCHDOG_USEC,
  /// WATCHDOG_PID) is taken out: a unit that spoke there would speak for the whole container.
  UnitEnvironment(std::vector<EnvVar> variables, std::vector<EnvVar> secrets);

  /// Imported by the profile step: adds or replaces.
  void set(std::string name, std::string value);
  void forget_secret(std::string_view name);

  std::string_view get(std::string_view name) const;
  const std::vector<EnvVar>& variables() const { return variables_; }
  const std::vector<EnvVar>& secrets() const { return secrets_; }

  /// PATH as this unit sees it: its own directories first.
  std::string path_of(const Launch& launch) const;
  /// "NAME=value" for each variable of the unit: the init's, the account's (HOME, USER, LOGNAME,
  /// SHELL), its secrets, PATH, then the unit's own, which win.
  std::vector<std::string> block_for(const Launch& launch) const;
  /// The same without any unit: for helpers.
  std::vector<std::string> block() const;

 private:
  std::vector<EnvVar> variables_;
  std::vector<EnvVar> secrets_;
};

/// A process of a unit with this command line; its streams are for the caller to set.
SpawnRequest spawn_request(const Launch& launch, const std::vector<std::string>& argv,
                           const UnitEnvironment& environment);
/// A command that a person runs in the shape of a unit. The descriptors are borrowed.
struct SessionOrder {
  const std::vector<std::string>& words;  ///< Empty: a shell.
  bool terminal = false;                  ///< `in` is one, and is all three.
  std::string_view term;                  ///< $TERM of that.
  int in = -1;
  int out = -1;
  int err = -1;
};

/// Turns a unit's Launch into a child with its output on the log hub.
class Launcher {
 public:
  Launcher(Children& children, LogHub& logs, Notify& notify, const UnitEnvironment& environment)
      : children_(children), logs_(logs), notify_(notify), environment_(environment) {}

  tl::expected<Pid, Spawner::Failure> start(const Unit& unit, UnitIndex index, RunId run);
  /// The same for the job where the init has a terminal: that becomes the job's own.
  tl::expected<Pid, Spawner::Failure> start_with_our_terminal(const Unit& unit, UnitIndex index,
                                                              RunId run);

  /// The unit's stop command: as the unit, its output in the unit's name, with MAINPID.
  tl::expected<Pid, Spawner::Failure> start_stop_command(const Unit& unit, UnitRun of, Pid main);

  /// Starts a process of another making as the unit's run, with its output on the log hub.
  tl::expected<Pid, Spawner::Failure> start_process(const Unit& unit, UnitIndex index, RunId run,
                                                    SpawnRequest request);

  /// A process of an exec check: as the unit, its output goes nowhere.
  tl::expected<Pid, Spawner::Failure> start_check(const Launch& launch,
                                                  const std::vector<std::string>& argv, CheckId id);

  tl::expected<Pid, Spawner::Failure> start_session(const Launch& launch, const SessionOrder& order,
                                                    SessionId id);

 private:
  tl::expected<Pid, Spawner::Failure> start_run(const Unit& unit, UnitIndex index, RunId run,
                                                SpawnRequest request);
  tl::expected<Pid, Spawner::Failure> start_on_terminal(const Unit& unit, UnitIndex index,
                                                        RunId run);

  Children& children_;
  LogHub& logs_;
  Notify& notify_;
  const UnitEnvironment& environment_;
};

}  // namespace bootsman
