#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "plan/gateway_plan.h"
#include "plan/plan.h"
#include "plan/remote.h"

namespace bootsman {

using Environment = std::map<std::string, std::string, std::less<>>;

/// Which configuration to read, and how.
struct ConfigRequest {
  /// The main file. Nothing: $BOOTSMAN_CONFIG, else `default_path` where that exists.
  std::optional<std::string> path;
  /// The command after `run`, which becomes the job.
  std::vector<std::string> command_line;
  /// False for a check away from the container: what has no value here is a warning.
  bool must_resolve = true;
  std::string default_path = "/etc/bootsman/bootsman.toml";
  std::string folder = "/etc/bootsman/conf.d";  ///< Its *.toml follow in name order.
  std::optional<SourceText> overlay = {};       ///< Laid over all of them.
  /// Asked of each path before it is looked up; what may not be is an error.
  std::function<bool(const std::string& path)> may_open = {};
};

struct LoadedConfig {
  Plan plan;  ///< Only of use where there are no errors.
  WebPlan web;
  std::vector<std::string> files;
  /// All that were read, or tried: texts of the configuration, and what it names by ${file:…} or
  /// NAME_FILE. For who wants to notice their changes.
  std::vector<std::string> read_files;
  /// What lay_overlay() has done to it.
  std::optional<SourceText> overlay = {};
  std::optional<OverlayOutcome> overlay_outcome = {};
  Diagnostics diagnostics;

  bool ok() const { return !diagnostics.has_errors(); }
  /// The diagnostics as lines for people.
  std::vector<std::string> lines() const;
};

/// Finds and reads the configuration and what it refers to (files, /etc/passwd, addresses of this
/// machine), and makes the plan. Reads small regular files only; used by `run` and `check` alike.
LoadedConfig load_configuration(const ConfigRequest& request, const Environment& env);

/// The environment of this process.
Environment own_environment();

}  // namespace bootsman
