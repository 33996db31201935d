#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "logs/last_words.h"
#include "plan/step_when.h"
#include "shell/clock.h"
#include "shell/proc_walk.h"
#include "shell/runtime.h"
#include "shell/termination_log.h"

// How the runtime carries out what the core orders.

namespace bootsman {
namespace {

constexpr Millis kConditionsTime{5'000};
/// For the built-in steps of one batch together, beside what single commands ask for.
constexpr Millis kStepsTime{300'000};
/// At the very end: what a reader that still reads may take to get the last lines.
constexpr Millis kLastWords{1'000};
/// What of a unit's output is looked at for the termination message.
constexpr std::size_t kTailLines = 100;
constexpr std::size_t kTailBytes = 64 * 1024;
constexpr std::size_t kNamesMax = 5;
/// How often a lasting shortage of memory is worth a line.
constexpr Millis kShortageSaid{60'000};

Value to_value(const std::vector<EnvVar>& variables) {
  Value::Object object;
  for (const EnvVar& variable : variables) object.emplace_back(variable.name, variable.value);
  return object;
}

Value to_value(const std::vector<std::string>& strings) {
  Value::Array array;
  for (const std::string& text : strings) array.emplace_back(text);
  return array;
}

std::optional<StepResult> step_result(std::string_view text) {
  if (text == "changed") return StepResult::Changed;
  if (text == "unchanged") return StepResult::Unchanged;
  if (text == "skipped") return StepResult::Skipped;
  if (text == "failed") return StepResult::Failed;
  return std::nullopt;
}

/// "12:00:03 UTC".
std::string time_of_day(std::int64_t wall_us) {
  constexpr std::int64_t kSecond = 1'000'000;
  const std::int64_t second = wall_us / kSecond % (24 * 3'600);
  return fmt::format("{:02}:{:02}:{:02} UTC", second / 3'600, second / 60 % 60, second % 60);
}

/// Whether a unit is started with this secret: then a restart needs it again.
bool passed_on(const Plan& plan, const std::string& secret) {
  return std::any_of(plan.units.begin(), plan.units.end(), [&](const Unit& unit) {
    const auto& names = unit.launch.secrets;
    return std::find(names.begin(), names.end(), secret) != names.end();
  });
}

}  // namespace

void Runtime::execute(const AskConditions& action) {
  questions_.push_back(action);
}

void Runtime::ask_conditions() {
  if (questions_.empty()) return;
  auto open = std::make_shared<std::vector<AskConditions>>(std::move(questions_));
  questions_.clear();
  Value::Array ask;
  for (const AskConditions& question : *open) {
    const Unit& unit = plan_[question.unit];
    Value item;
    item.set("id", unit.id());
    item.set("if_exists", to_value(unit.conditions.if_exists));
    item.set("if_not_exists", to_value(unit.conditions.if_not_exists));
    item.set("path", environment_.path_of(unit.launch));
    ask.push_back(std::move(item));
  }
  Value request;
  request.set("ask", std::move(ask));
  helpers_.start(
      "conditions", request, environment_.block(), mono_now() + kConditionsTime,
      [this, open](const Value& line) {
        const std::string id = line.get_string("id");
        std::erase_if(*open, [&](const AskConditions& question) {
          if (plan_[question.unit].id() != id) return false;
          post(ConditionsKnown{question.unit, question.run, line.get_bool("holds", false),
                               line.get_string("why")});
          return true;
        });
      },
      [this, open](const std::optional<std::string>& problem) {
        for (const AskConditions& question : *open)
          post(ConditionsKnown{
              question.unit, question.run, false,
              "cannot find out whether its files exist: " + problem.value_or("no answer")});
      });
}

Result<UniqueFd> Runtime::open_log_file(std::uint32_t writer, const LogFilePlan& file) {
  auto pair = make_socketpair();
  if (!pair) return fail(std::move(pair).error());
  Value request;
  request.set("path", file.path);
  request.set("size", static_cast<std::int64_t>(file.size));
  request.set("count", static_cast<std::int64_t>(file.count));
  const HelperId id = helpers_.start(
      "log-file", request, environment_.block(), MonoTime::max(), [](const Value&) {},
      [this, writer](const std::optional<std::string>& problem) {
        log_files_.erase(writer);
        if (problem) say(Severity::Warning, "cannot write a log file: " + *problem);
      },
      pair->second.get());
  log_files_[writer] = id;
  return std::move(pair->first);
}

std::size_t Runtime::rotate_log_files() {
  for (const auto& [writer, helper] : log_files_) helpers_.signal(helper, Signal{SIGHUP});
  return log_files_.size();
}

void Runtime::execute(const RunSteps& action) {
  Value::Array steps;
  for (const RunSteps::Item& item : action.items) {
    const Unit& unit = plan_[item.unit];
    Value entry;
    entry.set("id", unit.id());
    entry.set("type", unit.builtin->type);
    entry.set("when", to_text(unit.builtin->when));
    entry.set("settings", unit.builtin->settings);
    steps.push_back(std::move(entry));
  }
  Value request;
  request.set("steps", std::move(steps));
  request.set("env", to_value(environment_.variables()));
  request.set("secrets", to_value(environment_.secrets()));
  steps_left_ = action.items;
  steps_helper_ = helpers_.start(
      "steps", request, environment_.block(), mono_now() + kStepsTime,
      [this](const Value& line) { step_answer(line); },
      [this](const std::optional<std::string>& problem) {
        for (const RunSteps::Item& item : std::exchange(steps_left_, {}))
          post(StepFinished{item.unit, item.run, StepResult::Failed,
                            problem.value_or("its helper ended without a word about it")});
      });
}

void Runtime::step_answer(const Value& line) {
  const std::string id = line.get_string("id");
  const auto item =
      std::find_if(steps_left_.begin(), steps_left_.end(),
                   [&](const RunSteps::Item& left) { return plan_[left.unit].id() == id; });
  if (item == steps_left_.end()) return;
  if (const Value* variables = line.find("env"); variables != nullptr && variables->object())
    for (const auto& [name, value] : *variables->object())
      if (value.string() != nullptr) environment_.set(name, *value.string());
  if (const std::int64_t more = line.get_int("needs_ms", 0); more > 0)
    helpers_.extend(steps_helper_, mono_now() + Millis(more) + kStepsTime);
  for (const std::string& name : line.get_strings("wipe"))
    if (!passed_on(plan_, name)) environment_.forget_secret(name);
  if (const Value* text = line.find("say"); text != nullptr && text->string() != nullptr)
    say(line.get_string("severity") == "warning" ? Severity::Warning : Severity::Info,
        plan_[item->unit].name + ": " + *text->string());
  const auto result = step_result(line.get_string("result"));
  if (!result) return;
  post(StepFinished{item->unit, item->run, *result, line.get_string("why")});
  steps_left_.erase(item);
}

void Runtime::execute(const Spawn& action) {
  const Unit& unit = plan_[action.unit];
  const auto started = job_terminal_ && unit.kind == UnitKind::Job
                           ? launcher_.start_with_our_terminal(unit, action.unit, action.run)
                           : launcher_.start(unit, action.unit, action.run);
  if (started)
    post(Spawned{action.unit, action.run, *started});
  else
    post(SpawnFailed{action.unit, action.run, started.error().error, started.error().what});
}

void Runtime::execute(const Kill& action) {
  if (plan_[action.unit].builtin) return helpers_.stop(steps_helper_);
  if (action.signal.value == SIGKILL) execute(EndStopCommand{action.unit, action.run});
  children_.signal(UnitRun{action.unit, action.run}, action.signal, action.scope);
}

void Runtime::execute(const RunStopCommand& action) {
  const auto process = process_of(state_.units[action.unit.value].phase);
  const auto started = launcher_.start_stop_command(plan_[action.unit], {action.unit, action.run},
                                                    process ? process->pid : Pid{});
  if (!started) post(StopCommandEnded{action.unit, action.run, false, started.error().what});
}

void Runtime::execute(const EndStopCommand& action) {
  if (plan_[action.unit].stop.command.empty()) return;
  children_.signal(StopCommand{{action.unit, action.run}}, Signal{SIGKILL}, KillScope::Group);
}

void Runtime::execute(const StartCheck& action) {
  checks_.start(plan_[action.unit], action, mono_now());
}

void Runtime::execute(const SweepLeftovers& action) {
  post(sweep(action.signal));
}

/// Only PID 1 may take what is left for its own: elsewhere other processes share the namespace.
LeftoversCounted Runtime::sweep(std::optional<Signal> signal) {
  LeftoversCounted counted;
  if (!setup_.pid1) return counted;
  for (const ProcessInfo& process : walk_processes()) {
    if (process.pid.value == 1 || process.state == 'Z' || children_.owns(process.pid)) continue;
    if (counted.count++ < kNamesMax)
      counted.names += (counted.names.empty() ? "" : ", ") + process.name + " (pid " +
                       std::to_string(process.pid.value) + ")";
    if (signal) ::kill(process.pid.value, signal->value);
  }
  return counted;
}

void Runtime::execute(const Say& action) {
  say(action.severity, action.unit ? plan_[*action.unit].name + ": " + action.text : action.text);
}

void Runtime::execute(const Reply& action) {
  if (on_reply_) on_reply_(action);
}

void Runtime::execute(const Happened& action) {
  happened_.add(event_record(action, plan_), wall_clock_us());
}

void Runtime::note_out_of_memory(const Death& death) {
  const auto* run = std::get_if<UnitRun>(&death.owner);
  if (run == nullptr || !death.out_of_memory) return;
  happened_.add({0, 0, "out-of-memory", plan_[run->unit].id(), "", "", death.note},
                wall_clock_us());
}

void Runtime::note_killed_process(const std::string& text) {
  say(Severity::Warning, text);
  happened_.add({0, 0, "out-of-memory", "", "", "", text}, wall_clock_us());
}

void Runtime::execute(const Finish& action) {
  finish_ = action;
  const auto job = plan_.job();
  if (job_terminal_ && job && !state_.units[job->value].executed) {
    // Whoever sits at the terminal has seen nothing yet.
    logs_.keep_to_ring(false);
    say(Severity::Error, action.reason);
  }
  // First what is known, since whoever asked for the stop may kill at any time now; then once more
  // with the line that a unit did not end.
  write_termination_message(action);
  logs_.finish(mono_now() + kLastWords);
  write_termination_message(action);
}

/// Said now: whoever ends the init together with all others leaves it no time.
void Runtime::memory_short(const MemoryShortage& shortage) {
  shortage_ = shortage;
  const std::string text = "memory is nearly used up: " + shortage.text();
  write_termination_log(plan_.termination_log, time_of_day(wall_clock_us()) + ": " + text + "\n");
  if (shortage_said_ && shortage.at < *shortage_said_ + kShortageSaid) return;
  shortage_said_ = shortage.at;
  say(Severity::Warning, text);
}

void Runtime::write_termination_message(const Finish& finish) {
  LastWords words{finish.reason, finish.exit_code, "", {}};
  if (const auto unit = finish.cause ? finish.cause : plan_.job()) {
    words.unit = plan_[*unit].id();
    words.lines = logs_.ring().tail(LogHub::ring_writer(*unit), kTailLines, kTailBytes);
  }
  std::vector<std::string> secrets;
  for (const EnvVar& secret : environment_.secrets()) secrets.push_back(secret.value);
  write_termination_log(plan_.termination_log, termination_message(words, secrets));
}

}  // namespace bootsman
