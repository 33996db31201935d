#include "shell/reloader.h"

#include <algorithm>

#include "base/text.h"
#include "plan/transition.h"
#include "shell/read_config.h"
#include "shell/setup.h"

namespace bootsman {
namespace {

constexpr std::string_view kOverlayLater = "an overlay is fetched when the container starts only";

/// Where the overlay comes from; empty without one.
std::string overlay_of(const Plan& plan) {
  const auto source = wanted_overlay(plan);
  return source ? source->url + " " + source->sha256 : "";
}

/// The places of units differ between plans.
bool same_gateway(GatewayPlan one, GatewayPlan other) {
  for (GatewayPlan* plan : {&one, &other})
    for (GatewayRoute& route : plan->routes) route.unit.reset();
  return one == other;
}

}  // namespace

Reloader::Reloader(uv_loop_t* loop, OwnLog& log, ConfigOrigin origin)
    : log_(log),
      origin_(std::move(origin)),
      watch_(loop, [this](const std::string& path) { changed(path); }) {}

void Reloader::watch_files() {
  watch_.watch(origin_.files, origin_.request.folder);
}

void Reloader::changed(const std::string& path) {
  log_.say(Severity::Info, printable(path) +
                               " has changed since the configuration was read; it counts after "
                               "`bootsman reload`");
}

Value Reloader::reading() const {
  return reading_request(origin_.request);
}

std::vector<std::string> Reloader::environment() const {
  std::vector<std::string> block;
  for (const auto& [name, value] : origin_.env) block.push_back(name + "=" + value);
  return block;
}

std::variant<ReloadAsked, ReloadRefused> Reloader::read(CommandId id, const Plan& current,
                                                        const WebPlan& web, bool job_began,
                                                        const std::vector<EnvVar>& secrets) {
  Environment env = origin_.env;
  for (const EnvVar& secret : secrets) env[secret.name] = secret.value;
  // From here on what changes meanwhile is noticed. No path is looked up for that: only those that
  // are read below are known not to hang.
  changed_before_ = watch_.changed();
  watch_.forget();
  LoadedConfig loaded = load_configuration(origin_.request, env);
  const std::vector<std::string> lines = loaded.lines();
  for (const std::string& line : lines)
    log_.say(loaded.ok() ? Severity::Warning : Severity::Error, "reload: " + line);
  const auto refuse = [&](std::string why, std::vector<std::string> errors) {
    watch_.watch(loaded.read_files, origin_.request.folder);
    watch_.add_changed(changed_before_);
    log_.say(Severity::Error, "reload: " + why);
    return ReloadRefused{std::move(why), std::move(errors)};
  };
  if (!loaded.ok()) return refuse("the configuration is not valid, and nothing was changed", lines);
  if (steps_would_change_a_machine(loaded.plan))
    return refuse("it has boot steps, which would change this machine: it is not a container", {});
  const bool other_overlay = overlay_of(loaded.plan) != overlay_of(current);
  if (wanted_overlay(loaded.plan))
    set_overlay_outcome(loaded.plan, origin_.overlay_outcome.value_or(
                                         OverlayOutcome{std::string(kOverlayLater), ""}));
  ReloadTarget target = reload_target(current, std::move(loaded.plan), job_began);
  if (!same_gateway(loaded.web.gateway, web.gateway)) target.later.push_back("[gateway]");
  if (!(loaded.web.hooks == web.hooks)) target.later.push_back("[hooks]");
  if (loaded.web.status_page != web.status_page || loaded.web.logs_token != web.logs_token)
    target.later.push_back("[http.status_page]");
  if (other_overlay) target.later.push_back("the overlay of [step.remote]");
  ReloadAsked asked;
  asked.id = id;
  asked.way = make_transition(current, target.plan);
  asked.way_back = make_transition(target.plan, current);
  asked.summary = say_transition(current, target.plan, asked.way);
  if (!target.later.empty())
    asked.summary += "; needs a new container, and was left as it is: " + join(target.later, ", ");
  other_ = std::move(target.plan);
  other_files_ = std::move(loaded.read_files);
  under_way_ = id;
  return asked;
}

void Reloader::over(CommandId id, bool ok) {
  if (!under_way_ || *under_way_ != id) return;
  under_way_.reset();
  other_.reset();
  if (!ok) {
    changed_before_.insert(origin_.files.begin(), origin_.files.end());
    return watch_.add_changed(changed_before_);
  }
  origin_.files = std::move(other_files_);
  watch_.watch(origin_.files, origin_.request.folder);
}

}  // namespace bootsman
