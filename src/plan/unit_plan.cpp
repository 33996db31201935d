#include "plan/unit_plan.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/keys.h"
#include "config/step_keys.h"
#include "plan/check_plan.h"
#include "plan/launch_plan.h"
#include "plan/log_plan.h"
#include "plan/mount_plan.h"
#include "plan/remote.h"
#include "plan/stop_plan.h"

namespace bootsman {
namespace {

using Strings = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

class UnitPlanner {
 public:
  UnitPlanner(const UnitConfig& config, const Config& whole, const PlanFacts& facts,
              Diagnostics& diagnostics)
      : config_(config),
        settings_(config.settings),
        whole_(whole),
        facts_(facts),
        diagnostics_(diagnostics) {}

  Unit plan() {
    switch (config_.kind) {
      case ConfigKind::Step:
        unit_.kind = UnitKind::Step;
        break;
      case ConfigKind::Mount:
        unit_.kind = UnitKind::Mount;
        break;
      case ConfigKind::Service:
        unit_.kind = UnitKind::Service;
        break;
      case ConfigKind::Job:
        unit_.kind = UnitKind::Job;
        break;
    }
    unit_.name = config_.name;
    conditions();
    policies();
    if (config_.builtin)
      builtin();
    else if (config_.kind == ConfigKind::Mount)
      mount();
    else
      process();
    return std::move(unit_);
  }

 private:
  void error(std::string_view key, std::string text) {
    const Setting* setting = settings_.find(key);
    diagnostics_.error(setting == nullptr ? config_.at : setting->at, key_path(key),
                       std::move(text));
  }

  std::string key_path(std::string_view key) const { return config_.id() + "." + std::string(key); }

  /// The text of a string key that can be interpreted.
  const std::string* text(std::string_view path) const {
    const Setting* setting = settings_.find(path);
    return setting == nullptr || setting->unresolved ? nullptr : settings_.get<std::string>(path);
  }

  void conditions() {
    settings_.read<Strings>("if_exists", unit_.conditions.if_exists);
    settings_.read<Strings>("if_not_exists", unit_.conditions.if_not_exists);
    unit_.conditions.skip_reason = config_.skip_reason;
  }

  void policies() {
    const bool lasting = config_.kind == ConfigKind::Service || config_.kind == ConfigKind::Mount;
    unit_.on_failure = config_.kind == ConfigKind::Step ? OnFailure::Ignore : OnFailure::Unhealthy;
    unit_.restart.when = lasting ? RestartPolicy::When::Always : RestartPolicy::When::Never;
    read_word(settings_, "on_failure", {"ignore", "unhealthy", "shutdown"}, unit_.on_failure);
    settings_.read<bool>("early", unit_.early);
  }

  void builtin() {
    BuiltinStep step;
    step.type = config_.name;
    const StepType* type = find_step_type(step.type);
    const std::string_view when = type == nullptr ? "changed" : type->default_when;
    step.when = when == "always" ? StepWhen::Always
                : when == "once" ? StepWhen::Once
                                 : StepWhen::Changed;
    read_word(settings_, "when", {"always", "once", "changed"}, step.when);
    Value own{Value::Object{}};
    for (const Key& key : step_setting_keys(step.type))
      if (const Setting* setting = settings_.find(key.path)) own.set(key.path, setting->plain);
    step.settings = with_step_defaults(step.type, own);
    if (step.type == "remote") check_remote(config_, diagnostics_);
    if (const Millis* timeout = settings_.get<Millis>("timeout")) unit_.timeout = *timeout;
    unit_.builtin = std::move(step);
  }

  void mount() {
    settings_.read<Strings>("path", unit_.launch.path);
    if (const Pairs* env = settings_.get<Pairs>("env"))
      for (const auto& [name, value] : *env) unit_.launch.env.push_back({name, value});
    restart();
    // Only the helper is told to stop: it takes the file system down before the process behind it.
    unit_.stop.kill = KillScope::Process;
    settings_.read<Millis>("stop.timeout", unit_.stop.timeout);
    if (const Millis* timeout = settings_.get<Millis>("timeout")) unit_.timeout = *timeout;
    unit_.log = plan_unit_log(config_, whole_.settings, diagnostics_);
    plan_mount(config_, secret_names(whole_.settings), unit_, diagnostics_);
  }

  void process() {
    command();
    plan_launch(config_, facts_, diagnostics_, unit_.launch);
    secrets();
    restart();
    unit_.stop = plan_stop(config_, diagnostics_);
    unit_.ready = plan_check(config_, "ready", diagnostics_);
    unit_.health = plan_check(config_, "health", diagnostics_);
    settings_.read<Millis>("settle", unit_.settle);
    if (unit_.ready && unit_.settle > Millis(0))
      diagnostics_.warning(settings_.find("settle")->at, key_path("settle"),
                           "has no effect, since " + key_path("ready") +
                               " tells when it is ready: remove one of the two");
    if (const Millis* timeout = settings_.get<Millis>("timeout")) unit_.timeout = *timeout;
    settings_.read<std::vector<int>>("success_codes", unit_.success_codes);
    forward();
    unit_.log = plan_unit_log(config_, whole_.settings, diagnostics_);
  }

  void forward() {
    const Setting* setting = settings_.find("forward");
    if (setting == nullptr || setting->unresolved) return;
    const Strings* names = settings_.get<Strings>("forward");
    if (names == nullptr) return;
    // SIGTERM, SIGINT and SIGRTMIN+3 stop the container; SIGKILL and SIGSTOP never reach the init,
    // SIGCHLD tells of its own children. By the kernel's numbers.
    constexpr std::array kOwn{15, 2, 37, 9, 19, 17};
    for (const std::string& name : *names) {
      const auto signal = parse_signal(name);
      if (!signal) {
        error("forward", signal.error().message());
      } else if (std::ranges::find(kOwn, signal->value) != kOwn.end()) {
        error("forward", signal_name(*signal) + " can't be passed on: it is for the init itself");
      } else {
        unit_.forward.push_back(*signal);
      }
    }
  }

  void command() {
    if (const Strings* argv = settings_.get<Strings>("command")) {
      unit_.launch.argv = *argv;
      return;
    }
    if (config_.broken) return;  // It may well be what is wrong.
    std::string text = "is missing: write command = [\"PROGRAM\", \"ARGUMENT\"]";
    if (config_.kind == ConfigKind::Step) {
      if (const auto hint = nearest(config_.name, builtin_steps()))
        text += ", or did you mean the built-in step \"" + std::string(*hint) + "\"?";
    }
    error("command", std::move(text));
  }

  void secrets() {
    const Strings known = secret_names(whole_.settings);
    const auto is_known = [&](const std::string& name) {
      return std::ranges::find(known, name) != known.end();
    };
    const Strings* names = settings_.get<Strings>("pass_secrets");
    if (names == nullptr) {
      // Training code reads it, as it did before there was an init.
      if (config_.kind == ConfigKind::Job && is_known("SECRET_KEY"))
        unit_.launch.secrets = {"SECRET_KEY"};
      return;
    }
    for (const std::string& name : *names) {
      if (is_known(name) || settings_.find("pass_secrets")->unresolved) {
        unit_.launch.secrets.push_back(name);
        continue;
      }
      const std::vector<std::string_view> candidates(known.begin(), known.end());
      const auto hint = nearest(name, candidates);
      error("pass_secrets", "\"" + printable(name, 60) + "\" is not in secrets.names" +
                                (hint ? ", did you mean \"" + std::string(*hint) + "\"?" : ""));
    }
  }

  void restart() {
    RestartPolicy& restart = unit_.restart;
    read_word(settings_, "restart.when", {"always", "on-failure", "never"}, restart.when);
    settings_.read<Millis>("restart.delay", restart.delay);
    settings_.read<Millis>("restart.max_delay", restart.max_delay);
    settings_.read<double>("restart.factor", restart.factor);
    settings_.read<double>("restart.jitter", restart.jitter);
    settings_.read<Millis>("restart.reset_after", restart.reset_after);
    settings_.read<std::int64_t>("restart.limit", restart.limit);
    settings_.read<Millis>("restart.within", restart.within);
    // A longer pause asked for by name is not cut by a limit that nobody wrote.
    if (settings_.find("restart.max_delay") == nullptr)
      restart.max_delay = std::max(restart.max_delay, restart.delay);
    else if (restart.max_delay < restart.delay)
      error("restart.max_delay",
            "must not be shorter than restart.delay, which is " + format_duration(restart.delay));
  }

  const UnitConfig& config_;
  const Settings& settings_;
  const Config& whole_;
  const PlanFacts& facts_;
  Diagnostics& diagnostics_;
  Unit unit_;
};

}  // namespace

Unit plan_unit(const UnitConfig& config, const Config& whole, const PlanFacts& facts,
               Diagnostics& diagnostics) {
  return UnitPlanner(config, whole, facts, diagnostics).plan();
}

}  // namespace bootsman
