#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "steps/work.h"

namespace bootsman {

struct ApplyOutcome {
  bool ok = true;
  bool refused = false;  ///< Not ok, since the file system or our rights forbid it.
  std::string error;
  std::vector<std::string> done;      ///< "wrote /etc/pip.conf": what really changed.
  std::vector<std::string> warnings;  ///< Failures that the step can live with.
};

using Runner = std::function<Result<CommandOutput>(const CommandLine&)>;

/// Carries the changes out in order, each atomic, and stops at the first that fails (but for a
/// command that says go_on). What is already as wanted is not touched.
ApplyOutcome apply_work(const StepWork& work, const Runner& run);

/// The paths whose content the record keeps: all that the work writes, renames to, links or keeps.
std::vector<std::string> targets_of(const StepWork& work);

}  // namespace bootsman
