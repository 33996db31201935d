#include "plan/stop_plan.h"

#include "base/text.h"
#include "plan/unit_plan.h"

namespace bootsman {
namespace {

using Strings = std::vector<std::string>;

struct Step {
  Signal signal;
  std::optional<Millis> wait;
};

Result<Step> parse_step(std::string_view text) {
  const std::size_t space = text.find(' ');
  const Result<Signal> signal = parse_signal(text.substr(0, space));
  if (!signal) return fail(signal.error());
  if (space == std::string_view::npos) return Step{*signal, std::nullopt};
  const Result<Millis> wait = parse_duration(trim(text.substr(space)));
  if (!wait) return fail(wait.error());
  return Step{*signal, *wait};
}

class StopPlanner {
 public:
  StopPlanner(const UnitConfig& config, Diagnostics& diagnostics)
      : config_(config), settings_(config.settings), diagnostics_(diagnostics) {}

  StopPolicy plan() {
    settings_.read<Millis>("stop.timeout", policy_.timeout);
    settings_.read<Strings>("stop.command", policy_.command);
    read_word(settings_, "stop.kill", {"process", "group", "tree"}, policy_.kill);
    const Setting* setting = settings_.find("stop.signal");
    const Strings* list = settings_.get<Strings>("stop.signal");
    if (setting != nullptr && !setting->unresolved && list != nullptr) signals(*list);
    return std::move(policy_);
  }

 private:
  void error(std::string text) {
    diagnostics_.error(settings_.find("stop.signal")->at, config_.id() + ".stop.signal",
                       std::move(text));
  }

  void signals(const Strings& list) {
    if (list.empty()) return error("must name a signal");
    Millis waits{0};
    std::optional<Millis> wait;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Result<Step> step = parse_step(list[i]);
      if (!step) return error(step.error().message());
      // SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, by the kernel's numbers.
      if (step->signal.value >= 19 && step->signal.value <= 22)
        return error(signal_name(step->signal) +
                     " suspends a process and does not end it: name another, such as SIGTERM");
      if (i == 0)
        policy_.signal = step->signal;
      else
        policy_.later.push_back({*wait, step->signal});
      const bool last = i + 1 == list.size();
      if (last && step->wait)
        return error("says how long to wait behind the last signal: that is stop.timeout");
      if (!last && !step->wait)
        return error("must say how long to wait until the next signal, for instance \"" +
                     signal_name(step->signal) + " 5s\"");
      wait = step->wait;
      waits += wait.value_or(Millis{0});
    }
    const Millis time = policy_.command.empty() ? policy_.timeout : policy_.timeout / 2;
    if (waits > Millis{0} && waits >= time)
      error("waits for " + format_duration(waits) + " in all, but there are only " +
            format_duration(time) + " until SIGKILL: raise stop.timeout");
  }

  const UnitConfig& config_;
  const Settings& settings_;
  Diagnostics& diagnostics_;
  StopPolicy policy_;
};

}  // namespace

StopPolicy plan_stop(const UnitConfig& config, Diagnostics& diagnostics) {
  return StopPlanner(config, diagnostics).plan();
}

}  // namespace bootsman
