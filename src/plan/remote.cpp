#include "plan/remote.h"

#include <algorithm>

#include "base/letter_case.h"
#include "base/text.h"
#include "config/step_keys.h"

namespace bootsman {
namespace {

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

class RemoteCheck {
 public:
  RemoteCheck(const UnitConfig& unit, Diagnostics& diagnostics)
      : settings_(unit.settings), at_(unit.at), id_(unit.id()), diagnostics_(diagnostics) {
    settings_.read<bool>("insecure", insecure_);
    settings_.read<bool>("allow_unverified", allow_unverified_);
  }

  void check(const std::string& kind) {
    const Setting* url = settings_.find(kind);
    const std::string* text = settings_.get<std::string>(kind);
    if (text == nullptr || text->empty() || url->unresolved) return;
    const bool http = text->starts_with("http://");
    if (http && !insecure_)
      error(*url, kind, "must be an https URL; insecure = true allows http");
    else if (!http && !text->starts_with("https://"))
      error(*url, kind, "must be an URL: https://HOST/PATH");
    const std::string key = kind + "_sha256";
    const Setting* hash = settings_.find(key);
    const std::string* hex = settings_.get<std::string>(key);
    if (hex == nullptr || hex->empty()) {
      if (!allow_unverified_)
        error(*url, kind,
              "needs " + key + ", what `sha256sum` prints of the file, or allow_unverified = true");
    } else if (!hash->unresolved && !is_sha256(*hex)) {
      error(*hash, key, "must be 64 hexadecimal digits, as `sha256sum` prints them");
    }
  }

 private:
  void error(const Setting& setting, const std::string& key, std::string text) {
    diagnostics_.error(setting.at.line == 0 ? at_ : setting.at, id_ + "." + key, std::move(text));
  }

  const Settings& settings_;
  Position at_;
  std::string id_;
  Diagnostics& diagnostics_;
  bool insecure_ = false;
  bool allow_unverified_ = false;
};

const Unit* remote_step(const Plan& plan) {
  const auto found = std::ranges::find_if(plan.units, [](const Unit& unit) {
    return unit.builtin && unit.builtin->type == "remote" && unit.conditions.skip_reason.empty();
  });
  return found == plan.units.end() ? nullptr : &*found;
}

}  // namespace

std::optional<RemoteSource> remote_source(const Value& settings, std::string_view kind) {
  RemoteSource source;
  source.url = settings.get_string(kind);
  if (source.url.empty()) return std::nullopt;
  source.sha256 = lower(settings.get_string(std::string(kind) + "_sha256"));
  source.insecure = settings.get_bool("insecure", false);
  source.ca_file = settings.get_string("ca_file");
  source.timeout = parse_duration(settings.get_string("timeout")).value_or(source.timeout);
  return source;
}

void check_remote(const UnitConfig& unit, Diagnostics& diagnostics) {
  RemoteCheck check(unit, diagnostics);
  check.check("overlay");
  check.check("script");
}

std::optional<RemoteSource> wanted_overlay(const Plan& plan) {
  const Unit* step = remote_step(plan);
  return step == nullptr ? std::nullopt : remote_source(step->builtin->settings, "overlay");
}

void set_overlay_outcome(Plan& plan, const OverlayOutcome& outcome) {
  const Unit* step = remote_step(plan);
  if (step == nullptr) return;
  Value told;
  told.set("problem", outcome.problem);
  told.set("stale", outcome.stale);
  plan.units[static_cast<std::size_t>(step - plan.units.data())].builtin->settings.set(
      "overlay_outcome", std::move(told));
}

}  // namespace bootsman
