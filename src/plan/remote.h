#pragma once

#include <optional>
#include <string>

#include "base/types.h"
#include "config/model.h"
#include "plan/plan.h"

namespace bootsman {

/// A file of another machine that [step.remote] names.
struct RemoteSource {
  std::string url;
  std::string sha256;  ///< Lower-case hex; empty only where allow_unverified says so.
  bool insecure = false;
  std::string ca_file;
  Millis timeout{30'000};  ///< For all tries together.
};

/// `kind` is "overlay" or "script"; nothing where the settings name none.
std::optional<RemoteSource> remote_source(const Value& settings, std::string_view kind);

/// Reports what in [step.remote] can't work: an URL that is not https, a missing or wrong SHA-256.
void check_remote(const UnitConfig& unit, Diagnostics& diagnostics);

/// The overlay that a start of this plan lays over its configuration first; nothing for none.
std::optional<RemoteSource> wanted_overlay(const Plan& plan);

/// What came of the overlay.
struct OverlayOutcome {
  std::string problem;  ///< Not empty: it is not in use, for this reason.
  std::string stale;    ///< Not empty: that of an earlier start is in use, for this reason.
};

/// Tells the step `remote` of the plan, which reports it.
void set_overlay_outcome(Plan& plan, const OverlayOutcome& outcome);

}  // namespace bootsman
