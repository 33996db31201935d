#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <new>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "core/reload.h"
#include "logs/last_words.h"
#include "plan/doctor_request.h"
#include "plan/step_when.h"
#include "shell/clock.h"
#include "shell/last_words_file.h"
#include "shell/proc_walk.h"
#include "shell/runtime.h"
#include "shell/what_may_hang.h"
#include "sys/own_memory.h"
#include "sys/termination_log.h"

// How the runtime carries out what the core orders.

namespace bootsman {
namespace {

constexpr Millis kConditionsTime{5'000};
constexpr Millis kUncoverTime{5'000};
constexpr Millis kReadConfigTime{5'000};
/// For one built-in step, beside what it says that it needs.
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
  return format("{:02}:{:02}:{:02} UTC", second / 3'600, second / 60 % 60, second % 60);
}

/// Whether a unit is started with this secret: then a restart needs it again.
bool passed_on(const Plan& plan, const std::string& secret) {
  return std::any_of(plan.units.begin(), plan.units.end(), [&](const Unit& unit) {
    const auto& names = unit.launch.secrets;
    const bool mounts_by = unit.mount && unit.mount->s3 && unit.mount->s3->secret == secret;
    return mounts_by || std::find(names.begin(), names.end(), secret) != names.end();
  });
}

}  // namespace

void Runtime::execute(const AskConditions& action) {
  questions_.push_back(action);
}

void Runtime::ask_conditions() {
  if (questions_.empty()) return;
  // By their ids: another plan may be in force when the answers come.
  auto open = std::make_shared<std::map<std::string, AskConditions>>();
  Value::Array ask;
  for (const AskConditions& question : std::exchange(questions_, {})) {
    const Unit& unit = plan_[question.unit];
    open->emplace(unit.id(), question);
    Value item;
    item.set("id", unit.id());
    item.set("if_exists", to_value(unit.conditions.if_exists));
    item.set("if_not_exists", to_value(unit.conditions.if_not_exists));
    item.set("path", environment_.path_of(unit.launch));
    if (unit.mount) {
      const auto job = plan_.job();
      item.set("target", unit.mount->target);
      item.set("job", to_value(job ? plan_[*job].launch.argv : std::vector<std::string>{}));
    }
    ask.push_back(std::move(item));
  }
  Value request;
  request.set("ask", std::move(ask));
  helpers_.start(
      "conditions", request, environment_.block(), mono_now() + kConditionsTime,
      [this, open](const Value& line) {
        const auto answered = open->extract(line.get_string("id"));
        if (answered.empty()) return;
        const AskConditions& question = answered.mapped();
        post(ConditionsKnown{question.unit, question.run, line.get_bool("holds", false),
                             line.get_string("why")});
      },
      [this, open](const std::optional<std::string>& problem) {
        for (const auto& [id, question] : *open)
          post(ConditionsKnown{
              question.unit, question.run, false,
              "cannot find out whether its files exist: " + problem.value_or("no answer")});
      });
}

Result<UniqueFd> Runtime::open_log_file(const LogFilePlan& file) {
  auto pair = make_socketpair();
  if (!pair) return fail(std::move(pair).error());
  Value request;
  request.set("path", file.path);
  request.set("size", static_cast<std::int64_t>(file.size));
  request.set("count", static_cast<std::int64_t>(file.count));
  const HelperId id = helpers_.start(
      "log-file", request, environment_.block(), MonoTime::max(), [](const Value&) {},
      [this, number = ++log_files_opened_](const std::optional<std::string>& problem) {
        log_files_.erase(number);
        if (problem) say(Severity::Warning, "cannot write a log file: " + *problem);
      },
      pair->second.get());
  log_files_[log_files_opened_] = id;
  return std::move(pair->first);
}

/// SIGHUP puts the log files aside, as log rotation's programs expect, unless a unit asks for it.
void Runtime::take(Signal signal) {
  if (signal.value == SIGCHLD) {
    reap_due_ = true;
    return;
  }
  const auto asks = [&](const Unit& unit) { return std::ranges::count(unit.forward, signal) != 0; };
  if (signal.value == SIGHUP && std::ranges::none_of(plan_.units, asks)) rotate_log_files();
  post(SignalReceived{signal});
}

std::size_t Runtime::rotate_log_files() {
  for (const auto& [number, helper] : log_files_) helpers_.signal(helper, Signal{SIGHUP});
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
  steps_ended_for_.reset();
  steps_helper_ = helpers_.start(
      "steps", request, environment_.block(), mono_now() + kStepsTime,
      [this](const Value& line) { step_answer(line); },
      [this](const std::optional<std::string>& problem) {
        // The helper was ended for one of them, or it ended at the first.
        const auto left = std::exchange(steps_left_, {});
        const auto ended = std::exchange(steps_ended_for_, std::nullopt);
        for (const RunSteps::Item& item : left) {
          const bool failed = item.run == ended.value_or(left.front().run);
          post(StepFinished{item.unit, item.run, failed ? StepResult::Failed : StepResult::NotBegun,
                            problem.value_or("its helper ended without a word about it")});
        }
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
        plan_[item->unit].name + ": " + secret_marks_.mask(*text->string()));
  auto result = step_result(line.get_string("result"));
  if (!result) return;
  if (line.get_bool("unused", false)) result = StepResult::Unused;
  post(StepFinished{item->unit, item->run, *result, secret_marks_.mask(line.get_string("why"))});
  steps_left_.erase(item);
  helpers_.extend(steps_helper_, mono_now() + kStepsTime);
}

void Runtime::execute(const Spawn& action) try {
  const Unit& unit = plan_[action.unit];
  const auto started = unit.mount ? mounts_.start(unit, action.unit, action.run)
                       : job_terminal_ && unit.kind == UnitKind::Job
                           ? launcher_.start_with_our_terminal(unit, action.unit, action.run)
                           : launcher_.start(unit, action.unit, action.run);
  if (started)
    post(Spawned{action.unit, action.run, *started});
  else
    post(SpawnFailed{action.unit, action.run, started.error().error, started.error().what});
} catch (const std::bad_alloc&) {
  // Perhaps it runs already: nobody would know of it.
  children_.signal(UnitRun{action.unit, action.run}, Signal{SIGKILL}, KillScope::Group);
  post(SpawnFailed{action.unit, action.run, ENOMEM, "cannot start it: out of memory"});
}

void Runtime::execute(const Kill& action) {
  if (plan_[action.unit].builtin) {
    if (!steps_ended_for_) steps_ended_for_ = action.run;
    return helpers_.stop(steps_helper_, action.signal);
  }
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
  const Unit& unit = plan_[action.unit];
  if (unit.mount) return mounts_.check(unit, action, mono_now());
  checks_.start(unit, action, mono_now());
}

void Runtime::execute(const SweepLeftovers& action) {
  post(sweep(action.signal));
}

/// Only PID 1 may take what is left for its own: elsewhere other processes share the namespace.
LeftoversCounted Runtime::sweep(std::optional<Signal> signal) {
  LeftoversCounted counted;
  if (!setup_.pid1) return counted;
  const std::vector<ProcessInfo> processes = walk_processes();
  // What a mount needs lives until the mounts are stopped.
  std::vector<Pid> roots = mount_processes();
  for (const HelperId helper : hooks_.helpers())
    if (const auto pid = children_.pid_of(helper)) roots.push_back(*pid);
  const std::vector<Pid> spared = descendants_of(processes, std::move(roots));
  for (const ProcessInfo& process : processes) {
    if (process.pid.value == 1 || process.state == 'Z' || children_.owns(process.pid)) continue;
    if (std::find(spared.begin(), spared.end(), process.pid) != spared.end()) continue;
    if (counted.count++ < kNamesMax)
      counted.names += (counted.names.empty() ? "" : ", ") + process.name + " (pid " +
                       std::to_string(process.pid.value) + ")";
    if (signal) ::kill(process.pid.value, signal->value);
  }
  return counted;
}

/// A file of the configuration may lie on a file system that hangs, so PID 1 opens none that a
/// helper has not opened and read just before.
void Runtime::begin_reload(CommandId id) {
  auto path = std::make_shared<std::string>("one of its files");
  helpers_.start(
      "read-config", reloader_.reading(), reloader_.environment(), mono_now() + kReadConfigTime,
      [path](const Value& line) { *path = printable(line.get_string("reading")); },
      [this, id, path](const std::optional<std::string>& problem) {
        if (!problem) return read_reload(id);
        const std::string why = "cannot read the configuration: " + *problem +
                                "; does the file system hang that " + *path + " lies on?";
        say(Severity::Error, "reload: " + why);
        control_.refused(id, why, {});
      });
}

void Runtime::read_reload(CommandId id) {
  // Before the plan of a reload that is under way would be lost.
  if (std::string no = reload_refusal(state_); !no.empty())
    return control_.refused(id, std::move(no), {});
  const auto job = plan_.job();
  const bool job_began =
      job && (state_.units[job->value].executed || is_live(state_.units[job->value].phase));
  auto read = reloader_.read(id, plan_, web_, job_began, environment_.secrets());
  if (const auto* refused = std::get_if<ReloadRefused>(&read))
    return control_.refused(id, refused->why, refused->errors);
  post(std::get<ReloadAsked>(std::move(read)));
}

void Runtime::execute(const AdoptPlan&) {
  const auto& reload = *state_.reload;
  const auto moved = (reload.back ? reload.way_back : reload.way).moved;
  std::swap(plan_, reloader_.other());
  adopt(reloader_.other(), plan_, state_, mono_now());
  renumber(moved);
  uncover(reloader_.other());
}

/// Targets that no mount has any more are usable again before anything starts.
void Runtime::uncover(const Plan& before) {
  const auto is_target = [this](const std::string& path) {
    return std::ranges::any_of(plan_.units, [&](const Unit& unit) {
      return unit.mount && unit.mount->target == path;
    });
  };
  Value::Array dropped;
  for (const Unit& unit : before.units)
    if (unit.mount && !unit.mount->target.empty() && !is_target(unit.mount->target))
      dropped.emplace_back(unit.mount->target);
  if (dropped.empty()) return post(PlanAdopted{});
  Value request;
  request.set("targets", std::move(dropped));
  helpers_.start(
      "uncover", request, environment_.block(), mono_now() + kUncoverTime, [](const Value&) {},
      [this](const std::optional<std::string>& problem) {
        if (problem) say(Severity::Warning, "cannot uncover what was a mount's folder: " + *problem);
        post(PlanAdopted{});
      });
}

/// What the shell keeps by unit follows the plan; what it keeps by run need not.
void Runtime::renumber(const std::vector<std::optional<UnitIndex>>& moved) {
  std::vector<LogHub::UnitLog> units;
  for (const Unit& unit : plan_.units) units.push_back({unit.name, unit.log, needle_of(unit)});
  for (std::uint32_t i = 0; i < moved.size(); ++i)
    if (moved[i]) units[moved[i]->value].before = UnitIndex{i};
  control_.renumber(logs_.replace_units(units));
  terminals_.renumber(moved);
  const auto place = [&](UnitIndex& unit) {
    constexpr UnitIndex kNobody{~std::uint32_t{0}};
    unit = unit.value < moved.size() ? moved[unit.value].value_or(kNobody) : kNobody;
  };
  for (GatewayRoute& route : web_.gateway.routes) {
    if (!route.unit) continue;
    place(*route.unit);
    if (route.unit->value >= plan_.units.size()) route.unit.reset();
  }
  for (Event& event : events_) {
    auto* command = std::get_if<CommandReceived>(&event);
    if (command == nullptr) continue;
    std::visit(
        [&](auto& what) {
          if constexpr (requires { what.unit; }) place(what.unit);
        },
        command->what);
  }
  std::erase_if(questions_, [&](AskConditions& question) {
    place(question.unit);
    return question.unit.value >= plan_.units.size();
  });
  mounts_.renumber(moved);
}

std::vector<Pid> Runtime::mount_processes() const {
  std::vector<Pid> pids;
  for (std::size_t i = 0; i < plan_.units.size(); ++i) {
    if (plan_.units[i].kind != UnitKind::Mount) continue;
    if (const auto process = process_of(state_.units[i].phase)) pids.push_back(process->pid);
  }
  return pids;
}

void Runtime::execute(const Say& action) {
  say(action.severity, action.unit ? plan_[*action.unit].name + ": " + action.text : action.text);
}

void Runtime::execute(const Reply& action) {
  if (on_reply_) on_reply_(action);
}

void Runtime::note(EventRecord event) {
  const std::int64_t now = wall_clock_us();
  event.wall_us = now;
  event.sequence = happened_.last_sequence() + 1;
  hooks_.happened(event);
  happened_.add(std::move(event), now);
}

void Runtime::execute(const Happened& action) {
  note(event_record(action, plan_));
  if (action.what == Happened::What::BootDone) {
    look_at_container();
    release_memory();
  }
  if (action.what != Happened::What::Stopping) return;
  reloader_.stop_watching();
  sessions_.hang_up();
  terminals_.hang_up();
}

/// Late, so that it holds nothing up, and in a helper: some of the paths are configured.
void Runtime::look_at_container() {
  Value request =
      doctor_request(plan_, [this](const Launch& launch) { return environment_.path_of(launch); });
  request.set("env", to_value(environment_.variables()));
  helpers_.start(
      "doctor", request, environment_.block(), mono_now() + kConditionsTime,
      [this](const Value& line) {
        say(line.get_string("severity") == "warning" ? Severity::Warning : Severity::Info,
            line.get_string("say"));
      },
      [](const std::optional<std::string>&) {});
}

void Runtime::note_out_of_memory(const Death& death) {
  const auto* run = std::get_if<UnitRun>(&death.owner);
  if (run == nullptr || !death.out_of_memory) return;
  note({0, 0, "out-of-memory", plan_[run->unit].id(), "", "", death.note});
}

void Runtime::note_killed_process(const std::string& text) {
  say(Severity::Warning, text);
  note({0, 0, "out-of-memory", "", "", "", text});
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
  const bool written = write_termination_message(action);
  logs_.finish(mono_now() + kLastWords);
  if (written) write_termination_message(action);
}

/// Said now: whoever ends the init together with all others leaves it no time.
void Runtime::memory_short(const MemoryShortage& shortage) {
  shortage_ = shortage;
  const std::string text = "memory is nearly used up: " + shortage.text();
  const std::string line = time_of_day(wall_clock_us()) + ": " + text + "\n";
  if (what_may_hang(plan_.termination_log).empty())
    write_termination_log(plan_.termination_log, line);
  if (shortage_said_ && shortage.at < *shortage_said_ + kShortageSaid) return;
  shortage_said_ = shortage.at;
  say(Severity::Warning, text);
}

bool Runtime::write_termination_message(const Finish& finish) {
  LastWords words{finish.reason, finish.exit_code, "", {}};
  if (const auto unit = finish.cause ? finish.cause : plan_.job()) {
    words.unit = plan_[*unit].id();
    words.lines = logs_.ring().tail(LogHub::ring_writer(*unit), kTailLines, kTailBytes);
  }
  return write_last_words(setup_, plan_.termination_log, termination_message(words, secret_marks_));
}

}  // namespace bootsman
