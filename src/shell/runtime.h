#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/supervisor.h"
#include "logs/last_words.h"
#include "shell/checks.h"
#include "shell/children.h"
#include "shell/container_usage.h"
#include "shell/control_server.h"
#include "shell/event_hooks.h"
#include "shell/gateway.h"
#include "shell/helpers.h"
#include "shell/launcher.h"
#include "shell/log_hub.h"
#include "shell/mounts.h"
#include "shell/notify.h"
#include "shell/oom_watch.h"
#include "shell/own_log.h"
#include "shell/reloader.h"
#include "shell/server.h"
#include "shell/sessions.h"
#include "shell/terminals.h"
#include "shell/setup.h"
#include "shell/signals.h"
#include "shell/status_feed.h"
#include "wire/event_log.h"
#include "wire/routes.h"

namespace bootsman {

/// The imperative shell around the core: turns facts into events, gives them to step(), the one
/// place that calls it, and carries the actions out. One queue, drained once per turn of the loop
/// after all facts of the turn are in; one timer.
class Runtime {
 public:
  /// Borrows the setup. `environment` is without secrets.
  Runtime(uv_loop_t* loop, const Setup& setup, Plan plan, WebPlan web, UnitEnvironment environment,
          ConfigOrigin origin);
  ~Runtime();

  /// Says a line in the init's own log before or while it runs.
  void say(Severity severity, std::string_view text) { own_log_.say(severity, text); }

  /// Runs until the core says Finish. Returns the exit code, or an error where the loop cannot be
  /// set up.
  Result<int> run();

  /// Gives a command to the core. Its answer comes by the hook, once, in this turn of the loop or a
  /// later one; never when the init ends before.
  void command(CommandId id, Command what) { post(CommandReceived{id, std::move(what)}); }
  /// Replaces the hook that is called, inside the loop, with every answer.
  void on_reply(std::function<void(const Reply&)> hook) { on_reply_ = std::move(hook); }

 private:
  void post(Event event) { events_.push_back(std::move(event)); }
  void turn();
  void take_facts();
  void look_after_shortage();
  void reap();
  void stop_command_ended(const StopCommand& command,
                          const std::variant<ExitStatus, ExecFailure>& how);
  void say_lacking(UnitIndex unit, const std::vector<std::string>& notes);
  void drain_events();
  void tick(MonoTime now);
  void arm_timer();

  void execute(const AskConditions& action);
  void execute(const RunSteps& action);
  void execute(const Spawn& action);
  void execute(const Kill& action);
  void execute(const RunStopCommand& action);
  void execute(const EndStopCommand& action);
  void execute(const StartCheck& action);
  void execute(const SweepLeftovers& action);
  void execute(const AdoptPlan& action);
  void execute(const Say& action);
  void execute(const Reply& action);
  void execute(const Happened& action);
  void execute(const Finish& action);

  Result<UniqueFd> open_log_file(const LogFilePlan& file);
  void take(Signal signal);
  std::size_t rotate_log_files();
  void begin_reload(CommandId id);
  void uncover(const Plan& before);
  void read_reload(CommandId id);
  void renumber(const std::vector<std::optional<UnitIndex>>& moved);
  void ask_conditions();
  void note_out_of_memory(const Death& death);
  void note(EventRecord event);
  void finish_hooks();
  void note_killed_process(const std::string& text);
  void step_answer(const Value& line);
  void look_at_container();
  void listen();
  Answer answer_port(const Request& request, Responder responder);
  Response answer_http(const Request& request);
  PageView page_view() const;
  std::vector<UnitStatus> unit_statuses() const;
  Gateway::Hooks gateway_hooks();
  MetricsView metrics_view();
  LeftoversCounted sweep(std::optional<Signal> signal);
  void watch_memory();
  void memory_short(const MemoryShortage& shortage);
  std::vector<Pid> mount_processes() const;
  bool write_termination_message(const Finish& finish);

  uv_loop_t* loop_;
  const Setup& setup_;
  Plan plan_;    ///< The one in force.
  WebPlan web_;  ///< Its gateway stays; only the places of its units follow the plan.
  State state_;
  UnitEnvironment environment_;
  SecretMarks secret_marks_;  ///< Of all secrets, also of those that were forgotten since.
  LogHub logs_;
  OwnLog own_log_;
  Children children_;
  OomWatch oom_{std::nullopt};
  std::optional<MemoryWatch> memory_;
  std::optional<MemoryShortage> shortage_;  ///< The latest one.
  std::optional<MonoTime> shortage_said_;
  mutable ContainerUsage usage_;  ///< Finds its files at the first look.
  Helpers helpers_;
  Notify notify_;
  Launcher launcher_;
  Checks checks_;
  Mounts mounts_;
  Gateway gateway_;
  EventLog happened_;
  EventHooks hooks_;
  StatusFeed status_feed_;
  Sessions sessions_;
  Terminals terminals_;
  HttpServer server_;
  ControlServer control_;
  Reloader reloader_;
  std::optional<Signals> signals_;
  UvPtr<uv_timer_t> timer_;
  UvPtr<uv_idle_t> idle_;
  UvPtr<uv_check_t> check_;

  std::deque<Event> events_;
  std::vector<CommandId> reloads_;          ///< Asked for in this turn.
  std::vector<AskConditions> questions_;    ///< Of this drain; one helper answers all.
  std::vector<RunSteps::Item> steps_left_;  ///< Of the batch under way: not answered yet.
  HelperId steps_helper_{};
  std::optional<RunId> steps_ended_for_;         ///< The step because of which it was told to end.
  std::map<std::uint64_t, HelperId> log_files_;  ///< The helpers that write them.
  std::uint64_t log_files_opened_ = 0;
  std::vector<ListenAddress> not_listening_;
  std::optional<MonoTime> listen_again_;
  std::optional<MonoTime> retry_at_;  ///< Something failed that is tried again.
  std::optional<MonoTime> lacking_said_;
  std::uint64_t orphans_ = 0;
  std::uint64_t http_requests_ = 0;
  /// The init has a terminal and there is a job: then it is the job's alone.
  bool job_terminal_ = false;
  bool reap_due_ = false;
  bool tick_due_ = false;
  std::set<std::string> said_notes_;  ///< What units went on without: said once each.
  std::optional<Finish> finish_;
  std::function<void(const Reply&)> on_reply_;
};

}  // namespace bootsman
