#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/value.h"
#include "steps/facts.h"
#include "steps/work.h"

namespace bootsman {

/// Decides what a step wants done. Pure: no I/O but through the facts. `settings` has all keys of
/// the step (config/step_keys.h), defaults filled in. Applied twice, it wants nothing the second
/// time. An error is a sentence for the log: the step failed.
using StepFunction = Result<StepWork> (*)(const Value& settings, const StepFacts& facts);

struct BuiltIn {
  std::string_view type;  ///< As in config/step_keys.h, which has its words for people.
  StepFunction plan;
  /// The record of another container does not count: the step makes something unique.
  bool identity_bound = false;
  /// Skipped where /etc/matrixdc-init exists and is not ours; it is written after these steps.
  bool first_boot = false;
  /// A folder or right that is refused makes this step failed, not just skipped.
  bool must_work = false;
  /// Reads and writes the password files, so it holds their lock.
  bool locks_passwords = false;
  /// Where this secret is given, a step that is done once looks again.
  std::string_view secret = "";
};

/// All built-in steps.
std::span<const BuiltIn> built_in_steps();
const BuiltIn* find_built_in(std::string_view type);

Result<StepWork> plan_profile(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_directories(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_timezone(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_locale(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_password(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_ssh(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_motd(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_pip(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_conda(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_proxy(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_resolv(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_hosts(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_uv(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_npm(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_authorized_keys(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_files(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_hooks(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_jupyter(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_remote(const Value& settings, const StepFacts& facts);
Result<StepWork> plan_shutdown_command(const Value& settings, const StepFacts& facts);

}  // namespace bootsman
