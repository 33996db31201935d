#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "steps/planned_files.h"

namespace bootsman {

/// What a built-in step would do now.
struct StepForecast {
  std::string id;
  std::string result;  ///< "changed", "unchanged", "skipped" or "failed".
  std::string why;
  std::vector<std::string> notes;  ///< Lines for the log, warnings first marked as such.
  std::vector<FileForecast> changes;
};

struct BootForecast {
  std::vector<StepForecast> steps;  ///< In the plan's order.
  std::vector<EnvVar> env;          ///< Variables that would be imported.
};

/// What the built-in steps of the plan would do to this process's files, one after the other, by
/// the very code that decides it at a start. Writes nothing; programs that only look are run, and
/// /etc/profile is sourced in a child. `env` without secrets.
BootForecast forecast_steps(const Plan& plan, const std::map<std::string, std::string>& env,
                            const std::map<std::string, std::string>& secrets);

/// The entry of `helper steps` for this unit.
Value step_entry(const Unit& unit);

}  // namespace bootsman
