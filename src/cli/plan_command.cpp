#include "cli/plan_command.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <functional>

#include "base/json.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/plan_text.h"
#include "helper/conditions.h"
#include "helper/step_runner.h"
#include "helper/world_facts.h"
#include "shell/launcher.h"
#include "shell/overlay.h"
#include "shell/proc_walk.h"
#include "shell/setup.h"
#include "sys/child.h"
#include "sys/fd.h"
#include "sys/now.h"

namespace bootsman {
namespace {

constexpr int kConfig = 78;

using Strings = std::map<std::string, std::string>;

/// The environment as a start has it: secrets apart.
struct SplitEnvironment {
  Strings open;
  Strings secrets;

  explicit SplitEnvironment(const std::vector<std::string>& secret_names) {
    for (const auto& [name, value] : own_environment()) {
      const bool secret = std::ranges::find(secret_names, name) != secret_names.end();
      (secret ? secrets : open)[name] = value;
    }
  }
  UnitEnvironment for_units() const { return {to_vars(open), to_vars(secrets)}; }

 private:
  static std::vector<EnvVar> to_vars(const Strings& map) {
    std::vector<EnvVar> variables;
    for (const auto& [name, value] : map) variables.push_back({name, value});
    return variables;
  }
};

LoadedConfig load(const Invocation& asked) {
  ConfigRequest request;
  if (asked.has("--config")) request.path = asked.value("--config");
  request.command_line = asked.command->takes_command ? asked.words : std::vector<std::string>{};
  LoadedConfig loaded = load_configuration(request, own_environment());
  if (loaded.ok()) lay_last_overlay(request, own_environment(), loaded);
  for (const std::string& line : loaded.lines()) std::fprintf(stderr, "%s\n", line.c_str());
  return loaded;
}

/// Why each unit would be skipped; empty where it would run.
std::vector<std::string> judge(const Plan& plan, const UnitEnvironment& environment) {
  const DiskFiles files;
  std::vector<std::string> skipped;
  for (const Unit& unit : plan.units) {
    const Conditions& conditions = unit.conditions;
    skipped.push_back(conditions.skip_reason);
    if (!skipped.back().empty() || !conditions.asks()) continue;
    const auto verdict = judge_conditions(files, conditions.if_exists, conditions.if_not_exists,
                                          environment.path_of(unit.launch));
    if (!verdict.holds) skipped.back() = verdict.why;
  }
  return skipped;
}

int run_builtin(const Unit& unit, const SplitEnvironment& env) {
  const DiskFiles files;
  bool failed = false;
  StepFacts facts = gather_facts(env.open, env.secrets, files);
  facts.init_is_pid_1 = true;
  StepRunner runner(std::move(facts), [&](const Value& line) {
    if (const Value* text = line.find("say"); text != nullptr && text->string() != nullptr)
      print_sentence((line.get_string("severity") == "warning" ? "warning: " : "") +
                         *text->string(),
                     "  ");
    if (line.find("result") == nullptr) return;
    const std::string result = line.get_string("result");
    failed = result == "failed";
    print_sentence(result + ": " + line.get_string("why"), "  ");
  });
  Value entry = step_entry(unit);
  entry.set("when", "always");
  runner.run(entry);
  return failed ? kBad : 0;
}

int run_program(const Unit& unit, const SplitEnvironment& env) {
  const UnitEnvironment environment = env.for_units();
  SpawnRequest request = spawn_request(unit.launch, unit.launch.argv, environment);
  request.stdin_fd = 0;
  Inherited inherited;
  ::sigprocmask(SIG_SETMASK, nullptr, &inherited.signal_mask);
  Spawner spawner(inherited);
  auto started = spawner.spawn(std::move(request));
  if (!started) return complain(started.error().what, kBad);
  int status = 0;
  while (::waitpid((*started)->pid().value, &status, 0) < 0 && errno == EINTR) continue;
  const auto fate = (*started)->status();
  if (const auto* failure = std::get_if<ExecFailure>(&fate)) return complain(failure->what, kBad);
  const ExitStatus how = WIFSIGNALED(status) ? ExitStatus::signaled(WTERMSIG(status))
                                             : ExitStatus::exited(WEXITSTATUS(status));
  if (std::ranges::find(unit.success_codes, how.shell_code()) != unit.success_codes.end()) return 0;
  return complain("cannot do " + unit.id() + ": " + unit.launch.argv[0] + " " + describe(how),
                  kBad);
}

/// Its exit code; nothing when it lives on.
std::optional<int> ended_within(Pid child, Millis time) {
  const MonoTime deadline = mono_now() + time;
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(child.value, &status, WNOHANG);
    if (ended == child.value) return WIFEXITED(status) ? WEXITSTATUS(status) : kBad;
    if (ended < 0 && errno != EINTR) return kBad;
    if (mono_now() >= deadline) return std::nullopt;
    (void)::poll(nullptr, 0, 5);
  }
}

void signal_all(const std::vector<ProcessInfo>& processes, int signal) {
  for (const ProcessInfo& process : processes) (void)::kill(process.pid.value, signal);
}

/// What has lost its parent is ours, too.
void kill_descendants() {
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    const auto left = descendants_of(Pid{::getpid()});
    if (left.empty()) return;
    signal_all(left, SIGKILL);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
    (void)::poll(nullptr, 0, 10);
  }
}

/// Does it in a child where it must be over in time: then it is ended with all that it has started,
/// a program as the unit says, a built-in step at once, since it leaves nothing half done.
int do_in_time(const Unit& unit, const std::function<int()>& work) {
  if (!unit.timeout) return work();
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto child = start_task([&] {
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int code = work();
    (void)std::fflush(stdout);
    return code;
  });
  if (!child) return complain(with_errno("cannot do " + unit.id(), child.error().error), kBad);
  if (const auto code = ended_within(*child, *unit.timeout)) return *code;
  const int code = complain(
      "cannot do " + unit.id() + ": it was not done after " + say_duration(*unit.timeout), kBad);
  if (!unit.builtin) {
    signal_all(descendants_of(*child), unit.stop.signal.value);
    (void)ended_within(*child, unit.stop.timeout);
  }
  kill_descendants();
  return code;
}

}  // namespace

int plan_command(const Invocation& asked) {
  const LoadedConfig loaded = load(asked);
  if (!loaded.ok()) return kConfig;
  const SplitEnvironment env(loaded.plan.secret_names);
  PlanView view{loaded.plan, forecast_steps(loaded.plan, env.open, env.secrets), {}, {}};
  UnitEnvironment environment = env.for_units();
  for (const EnvVar& variable : view.forecast.env) environment.set(variable.name, variable.value);
  view.skipped = judge(loaded.plan, environment);
  for (const auto& [name, value] : env.secrets) view.secrets.push_back(value);
  std::string text;
  if (asked.has("--json"))
    text = to_json(plan_json(view)) + "\n";
  else if (asked.has("--dot"))
    text = plan_dot(view);
  else
    text = plan_text(view, asked.has("--diff"), columns_of(STDOUT_FILENO));
  print(text);
  return 0;
}

int run_step_command(const Invocation& asked) {
  const LoadedConfig loaded = load(asked);
  if (!loaded.ok()) return kConfig;
  const std::string& name = asked.words.front();
  auto found = loaded.plan.find("step." + name);
  if (!found) found = loaded.plan.find(name);
  if (!found || loaded.plan[*found].kind != UnitKind::Step) {
    std::vector<std::string_view> names;
    for (const Unit& unit : loaded.plan.units)
      if (unit.kind == UnitKind::Step) names.push_back(unit.name);
    const auto hint = nearest(name, names);
    return complain("cannot run \"" + printable(name, 80) +
                        "\": the configuration has no such step" +
                        (hint ? ", did you mean \"" + std::string(*hint) + "\"?" : ""),
                    kBad);
  }
  const Unit& unit = loaded.plan[*found];
  if (unit.builtin && !in_container())
    return complain(
        "cannot run a boot step here: this is not a container, and it would change this machine",
        kBad);
  const SplitEnvironment env(loaded.plan.secret_names);
  const std::string reason = judge(loaded.plan, env.for_units())[found->value];
  if (!reason.empty()) {
    print_sentence("skipped: " + reason, "  ");
    return 0;
  }
  return do_in_time(unit,
                    [&] { return unit.builtin ? run_builtin(unit, env) : run_program(unit, env); });
}

}  // namespace bootsman
