#pragma once

#include "base/value.h"
#include "steps/facts.h"
#include "steps/work.h"

namespace bootsman {

/// JupyterLab's own settings: those of the user who runs it (in `settings_dir`, else below that
/// user's home), and the defaults of everybody that uses this JupyterLab (`overrides`). What stands
/// there already is kept.
Result<void> want_lab_settings(const Value& settings, const StepFacts& facts,
                               const std::optional<Account>& user, StepWork& work);

}  // namespace bootsman
