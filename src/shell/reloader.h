#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/value.h"
#include "core/messages.h"
#include "shell/config_watch.h"
#include "shell/load_config.h"
#include "shell/own_log.h"

namespace bootsman {

/// Where the configuration came from at the start, so that it can be read again in the same way.
struct ConfigOrigin {
  ConfigRequest request;
  Environment env;                 ///< Of the init, without secrets.
  std::vector<std::string> files;  ///< All that were read.
  /// What came of the overlay, which is fetched at the start only and stays with the request.
  std::optional<OverlayOutcome> overlay_outcome = {};
};

/// Why the configuration can't be taken: a sentence, and the errors with their places.
struct ReloadRefused {
  std::string why;
  std::vector<std::string> errors;
};

/// Reads the configuration again when a person asks for it, and holds the plan that is not in
/// force while the core goes over. Between that it only notices that files have changed.
class Reloader {
 public:
  Reloader(uv_loop_t* loop, OwnLog& log, ConfigOrigin origin);

  /// From here on a change of the files on disk is noticed.
  void watch_files();

  /// For the helper "read-config", which opens all that read() will open: that one of these files
  /// hangs is to be found out there.
  Value reading() const;
  /// What that helper runs with. Secrets are not needed to open files.
  std::vector<std::string> environment() const;

  /// Reads it as at the start, the current secrets added. Warnings and errors go to the log.
  std::variant<ReloadAsked, ReloadRefused> read(CommandId id, const Plan& current,
                                                const WebPlan& web, bool job_began,
                                                const std::vector<EnvVar>& secrets);

  /// The plan that is not in force; only between read() and over().
  Plan& other() { return *other_; }

  /// The reload of that id is over, if it is the one under way. `ok`: the new configuration is in
  /// force; else what is on disk is still another one.
  void over(CommandId id, bool ok);

  /// The container ends: changes on disk are nobody's matter any more.
  void stop_watching() { watch_.end(); }

  /// Files of the configuration that have changed on disk since they were read.
  const std::set<std::string>& changed_files() const { return watch_.changed(); }

 private:
  void changed(const std::string& path);

  OwnLog& log_;
  ConfigOrigin origin_;
  ConfigWatch watch_;
  std::optional<CommandId> under_way_;
  std::optional<Plan> other_;
  std::set<std::string> changed_before_;  ///< What was noticed when the reload began.
  std::vector<std::string> other_files_;  ///< What the other plan was made from.
};

}  // namespace bootsman
