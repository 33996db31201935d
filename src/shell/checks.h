#pragma once

#include <functional>
#include <map>
#include <tuple>

#include "shell/helpers.h"
#include "shell/launcher.h"
#include "shell/prober.h"
#include "wire/metrics.h"

namespace bootsman {

/// Carries StartCheck out by the means that fit the probe: on the loop (tcp, http), by a process
/// (exec), by a helper (file), or from what the log hub has seen (log). Each answer comes once.
class Checks {
 public:
  Checks(uv_loop_t* loop, Children& children, Helpers& helpers, Launcher& launcher,
         const LogHub& logs, const UnitEnvironment& environment,
         std::function<void(CheckFinished)> finished);
  ~Checks();

  void start(const Unit& unit, const StartCheck& order, MonoTime now);

  /// How the checks of all units went so far.
  const CheckCountsByUnit& counts() const { return counts_; }

  /// The reaper tells of an exec check's process.
  void ended(CheckId id, const std::variant<ExitStatus, ExecFailure>& how);

  std::optional<MonoTime> next_deadline() const;
  void tick(MonoTime now);

 private:
  struct ExecCheck {
    StartCheck order;
    MonoTime deadline;
    Millis timeout;
  };
  void answer(const StartCheck& order, bool ok, std::string why);
  void start_exec(const Unit& unit, const CheckPlan& plan, const ExecProbe& probe,
                  const StartCheck& order, MonoTime now);
  void start_file(const CheckPlan& plan, const FileProbe& probe, const StartCheck& order,
                  MonoTime now);

  Prober prober_;
  Children& children_;
  Helpers& helpers_;
  Launcher& launcher_;
  const LogHub& logs_;
  const UnitEnvironment& environment_;
  std::function<void(CheckFinished)> finished_;
  struct Begun {
    std::string unit;
    MonoTime when;
  };
  /// The probes under way, by unit, run and kind.
  std::map<std::tuple<UnitIndex, RunId, CheckKind>, Begun> begun_;
  CheckCountsByUnit counts_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, ExecCheck> execs_;
};

}  // namespace bootsman
