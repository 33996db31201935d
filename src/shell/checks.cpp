#include "shell/checks.h"

#include "base/text.h"
#include "shell/clock.h"

namespace bootsman {

Checks::Checks(uv_loop_t* loop, Children& children, Helpers& helpers, Launcher& launcher,
               const LogHub& logs, const UnitEnvironment& environment,
               std::function<void(CheckFinished)> finished)
    : prober_(loop),
      children_(children),
      helpers_(helpers),
      launcher_(launcher),
      logs_(logs),
      environment_(environment),
      finished_(std::move(finished)) {}
Checks::~Checks() = default;

void Checks::answer(const StartCheck& order, bool ok, std::string why) {
  const auto begun = begun_.extract({order.unit, order.run, order.kind});
  if (!begun.empty()) {
    CheckCounts& counts = counts_[{begun.mapped().unit, order.kind}];
    ++(ok ? counts.passed : counts.failed);
    counts.last = mono_now() - begun.mapped().when;
    counts.total += counts.last;
  }
  finished_(CheckFinished{order.unit, order.run, order.kind, ok, std::move(why)});
}

void Checks::start(const Unit& unit, const StartCheck& order, MonoTime now) {
  const auto& check = order.kind == CheckKind::Ready ? unit.ready : unit.health;
  if (!check) return answer(order, true, "");
  begun_[{order.unit, order.run, order.kind}] = {unit.id(), now};
  if (const auto* exec = std::get_if<ExecProbe>(&check->probe))
    return start_exec(unit, *check, *exec, order, now);
  if (const auto* file = std::get_if<FileProbe>(&check->probe))
    return start_file(*check, *file, order, now);
  if (const auto* log = std::get_if<LogProbe>(&check->probe)) {
    const bool seen = logs_.needle_seen(order.unit, order.run);
    return answer(order, seen, seen ? "" : "no line of its output has \"" + log->text + "\" yet");
  }
  prober_.start(check->probe, check->timeout,
                [this, order](bool ok, std::string why) { answer(order, ok, std::move(why)); });
}

void Checks::start_exec(const Unit& unit, const CheckPlan& plan, const ExecProbe& probe,
                        const StartCheck& order, MonoTime now) {
  const CheckId id{++last_};
  const auto started = launcher_.start_check(unit.launch, probe.argv, id);
  if (!started) return answer(order, false, started.error().what);
  execs_.emplace(id.value, ExecCheck{order, now + plan.timeout, plan.timeout});
}

void Checks::ended(CheckId id, const std::variant<ExitStatus, ExecFailure>& how) {
  auto node = execs_.extract(id.value);
  if (node.empty()) return;
  const StartCheck& order = node.mapped().order;
  if (const auto* failure = std::get_if<ExecFailure>(&how))
    return answer(order, false, failure->what);
  const ExitStatus status = std::get<ExitStatus>(how);
  answer(order, status.success(), status.success() ? "" : "the check " + describe(status));
}

void Checks::start_file(const CheckPlan& plan, const FileProbe& probe, const StartCheck& order,
                        MonoTime now) {
  Value request;
  request.set("path", probe.path);
  auto found = std::make_shared<bool>(false);
  helpers_.start(
      "probe-file", request, environment_.block(), now + plan.timeout,
      [found](const Value& line) { *found = line.get_bool("ok", false); },
      [this, order, found, path = probe.path](std::optional<std::string> problem) {
        if (problem) return answer(order, false, *problem);
        answer(order, *found, *found ? "" : path + " does not exist");
      });
}

std::optional<MonoTime> Checks::next_deadline() const {
  std::optional<MonoTime> first;
  for (const auto& [id, check] : execs_)
    if (!first || check.deadline < *first) first = check.deadline;
  return first;
}

void Checks::tick(MonoTime now) {
  for (auto it = execs_.begin(); it != execs_.end();) {
    if (it->second.deadline > now) {
      ++it;
      continue;
    }
    const ExecCheck late = it->second;
    children_.signal(CheckId{it->first}, Signal{9}, KillScope::Group);
    it = execs_.erase(it);
    answer(late.order, false, "the check gave no answer within " + say_duration(late.timeout));
  }
}

}  // namespace bootsman
