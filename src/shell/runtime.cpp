#include "shell/runtime.h"

#include <algorithm>

#include "base/text.h"
#include "shell/address.h"
#include "shell/clock.h"
#include "sys/random_bits.h"
#include "sys/reserve.h"
#include "sys/terminal.h"
#include "sys/watch_again.h"

namespace bootsman {
namespace {

/// When what the kernel had no memory for is tried again.
constexpr Millis kRetry{100};
/// How often a lasting lack is worth a line.
constexpr Millis kLackingSaid{60'000};

/// A look at a container short of memory that is older says nothing of a death.
constexpr Millis kShortageCounts{10'000};

std::optional<MonoTime> earliest(std::initializer_list<std::optional<MonoTime>> times) {
  std::optional<MonoTime> first;
  for (const auto& time : times)
    if (time && (!first || *time < *first)) first = time;
  return first;
}

}  // namespace

Runtime::Runtime(uv_loop_t* loop, const Setup& setup, Plan plan, WebPlan web,
                 UnitEnvironment environment, ConfigOrigin origin)
    : loop_(loop),
      setup_(setup),
      plan_(std::move(plan)),
      web_(std::move(web)),
      state_(initial_state(plan_, random_bits())),
      environment_(std::move(environment)),
      secret_marks_(random_bits()),
      logs_(loop, 1, 2, plan.log),
      own_log_(logs_),
      children_(loop, Spawner(setup.inherited),
                [this](const ChildOwner& owner, const std::vector<std::string>& notes) {
                  const auto* run = std::get_if<UnitRun>(&owner);
                  if (run == nullptr) return;
                  say_lacking(run->unit, notes);
                  post(ExecSucceeded{run->unit, run->run});
                }),
      helpers_(loop, children_, logs_, setup.image.get()),
      notify_(loop, [this](Notified notified) { post(std::move(notified)); }),
      launcher_(children_, logs_, notify_, environment_),
      checks_(loop, children_, helpers_, launcher_, logs_, environment_,
              [this](CheckFinished finished) { post(std::move(finished)); }),
      mounts_(
          loop, launcher_, environment_, setup.image.get(),
          [this](CheckFinished finished) { post(std::move(finished)); },
          [this](UnitIndex unit, Severity severity, const std::string& text) {
            say(severity, plan_[unit].name + ": " + text);
          }),
      gateway_(loop, web_.gateway, gateway_hooks()),
      hooks_(helpers_, environment_, own_log_, web_.hooks),
      status_feed_([this] { return page_view(); }),
      sessions_(loop, children_, launcher_),
      terminals_(logs_),
      server_(loop,
              [this](const Request& request, const Peer&, Responder responder) {
                return answer_port(request, std::move(responder));
              }),
      control_(server_, plan_, state_, logs_.ring(), happened_, mounts_, sessions_,
               terminals_, own_log_,
               [this](CommandId id, Command what) { command(id, std::move(what)); }),
      reloader_(loop, own_log_, std::move(origin)) {
  for (const EnvVar& secret : environment_.secrets()) secret_marks_.add(secret.value);
  secret_marks_.add(web_.logs_token);
  logs_.before_own_output([this] { helpers_.hear_all(); });
  logs_.on_open_file([this](const LogFilePlan& file) { return open_log_file(file); });
  control_.on_rotate_logs([this] { return rotate_log_files(); });
  on_reply([this](const Reply& reply) {
    reloader_.over(reply.id, reply.ok);
    control_.replied(reply);
  });
  control_.on_reload([this](CommandId id) { reloads_.push_back(id); });
  control_.show_changed_files(reloader_.changed_files());
  for (const Unit& unit : plan_.units) logs_.add_unit(unit.name, unit.log, needle_of(unit));
  job_terminal_ = plan_.job().has_value() && has_terminal_to_give();
  logs_.keep_to_ring(job_terminal_);
  fault_hook() = {[](void* context, const char* where, const char* what) {
                    try {
                      static_cast<Runtime*>(context)->say(
                          Severity::Error, std::string("internal fault in ") + where + ": " + what);
                    } catch (...) {  // Without memory there is no line either.
                    }
                  },
                  this};
}

Runtime::~Runtime() {
  fault_hook() = {};
}

Result<int> Runtime::run() {
  auto signals = Signals::open(loop_, [this](Signal signal) { take(signal); });
  if (!signals) return fail(std::move(signals).error());
  signals_.emplace(std::move(*signals));

  auto timer = make_uv<uv_timer_t>("make a timer", this,
                                   [&](uv_timer_t* t) { return uv_timer_init(loop_, t); });
  auto idle = make_uv<uv_idle_t>("make a loop hook", this,
                                 [&](uv_idle_t* i) { return uv_idle_init(loop_, i); });
  auto check = make_uv<uv_check_t>("make a loop hook", this,
                                   [&](uv_check_t* c) { return uv_check_init(loop_, c); });
  if (!timer) return fail(std::move(timer).error());
  if (!idle) return fail(std::move(idle).error());
  if (!check) return fail(std::move(check).error());
  timer_ = std::move(*timer);
  idle_ = std::move(*idle);
  check_ = std::move(*check);
  uv_check_start(check_.get(),
                 [](uv_check_t* handle) { static_cast<Runtime*>(handle->data)->turn(); });

  not_listening_ = plan_.http.enabled ? plan_.http.listen : std::vector<ListenAddress>{};
  server_.pass_on(gateway_.passing());
  listen();
  if (plan_.control.enabled) control_.open();
  post(Booted{});
  turn();
  // The first units need not wait for these. None of them is reaped before.
  guarded("the watch on memory", [this] { watch_memory(); });
  guarded("the watch on files", [this] { reloader_.watch_files(); });
  while (!finish_) uv_run(loop_, UV_RUN_ONCE);
  finish_hooks();
  server_.close();
  return finish_->exit_code;
}

/// One turn, after the loop has polled: first the facts, only then the time. So what happened
/// during a pause of the whole container counts before the deadlines that passed in it.
void Runtime::turn() {
  retry_at_.reset();
  const bool whole = guarded("turn", [this] { take_facts(); }) &&
                     guarded("children", [this] { children_.watch_unheard(); });
  if (!whole) retry_at_ = mono_now() + kRetry;
  if (reserve_is_used() || unwatched_descriptors() > 0)
    guarded("shortage", [this] { look_after_shortage(); });
  if (!finish_) guarded("timer", [this] { arm_timer(); });
}

/// Of memory, or of what the kernel can watch.
void Runtime::look_after_shortage() {
  watch_again();
  const bool memory = hold_reserve_again();
  const int unwatched = unwatched_descriptors();
  if (memory && unwatched == 0) return;
  const MonoTime now = mono_now();
  retry_at_ = now + kRetry;
  if (lacking_said_ && now < *lacking_said_ + kLackingSaid) return;
  lacking_said_ = now;
  if (!memory)
    say(Severity::Error,
        "cannot get more memory from the kernel, and the reserve is in use: raise the limit on "
        "address space (ulimit -v), or end what takes much memory");
  if (unwatched > 0)
    say(Severity::Error, "cannot watch some descriptors (" + std::to_string(unwatched) +
                             "): the kernel has no memory for it, or no watches left "
                             "(/proc/sys/fs/epoll/max_user_watches); trying again");
}

void Runtime::take_facts() {
  if (reap_due_) reap();
  if (finish_) return;
  for (const CommandId id : std::exchange(reloads_, {})) begin_reload(id);
  drain_events();
  if (tick_due_ && !finish_) tick(mono_now());
  logs_.flush();
  control_.after_turn();
  status_feed_.after_turn(mono_now(), happened_.last_sequence());
}

/// What ends the container may be what somebody wants to be told of; an orderly stop is not.
void Runtime::finish_hooks() {
  constexpr Micros kTime = Millis{3'000};
  constexpr int kNothingRan = 78;
  if (!finish_->cause && finish_->exit_code != kNothingRan) return;
  // They have run since the stop began; shutdown.timeout is for all of it.
  const MonoTime end = std::min<MonoTime>(mono_now() + kTime, state_.shutdown->finish_at);
  const auto left = std::chrono::ceil<Millis>(end - mono_now()).count();
  uv_update_time(loop_);
  // Again and again: it may come a little early, and then nothing else may wake the loop.
  uv_timer_start(
      timer_.get(), [](uv_timer_t*) {}, static_cast<std::uint64_t>(std::max<long>(left, 0)), 10);
  while (hooks_.busy() && mono_now() < end) {
    uv_run(loop_, UV_RUN_ONCE);
    logs_.flush();
  }
}

void Runtime::watch_memory() {
  oom_ = OomWatch::open();
  memory_.emplace(loop_, oom_.group(),
                  [this](const MemoryShortage& shortage) { memory_short(shortage); });
}

void Runtime::reap() {
  reap_due_ = false;
  notify_.hear_all();
  Children::Reaped reaped = children_.reap();
  const bool fresh = shortage_ && mono_now() - shortage_->at < kShortageCounts;
  const std::string said = oom_.attribute(reaped.deaths, fresh ? shortage_ : std::nullopt);
  if (!said.empty()) note_killed_process(said);
  ProcessesEnded ended;
  ended.orphans = reaped.orphans;
  orphans_ += reaped.orphans;
  for (Death& death : reaped.deaths) {
    note_out_of_memory(death);
    if (const auto* run = std::get_if<UnitRun>(&death.owner)) {
      logs_.drain(run->run);
      notify_.close(run->run);
      execute(EndStopCommand{run->unit, run->run});
      say_lacking(run->unit, death.lacked);
      ended.ends.push_back({run->unit, run->run, std::move(death.how), death.group_left, death.cpu,
                            death.max_rss, std::move(death.note), death.out_of_memory});
      mounts_.ended(ended.ends.back());
    } else if (const auto* helper = std::get_if<HelperId>(&death.owner)) {
      helpers_.ended(*helper, death.how);
    } else if (const auto* check = std::get_if<CheckId>(&death.owner)) {
      checks_.ended(*check, death.how);
    } else if (const auto* command = std::get_if<StopCommand>(&death.owner)) {
      stop_command_ended(*command, death.how);
    } else if (const auto* session = std::get_if<SessionId>(&death.owner)) {
      sessions_.ended(*session, death.how);
    }
  }
  if (!ended.ends.empty() || ended.orphans > 0) post(std::move(ended));
  for (const UnitRun& group : reaped.emptied) post(GroupEmptied{group.unit, group.run});
}

/// Once each: a unit that restarts all day lacks the same thing each time.
void Runtime::say_lacking(UnitIndex unit, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    const std::string line = plan_[unit].name + ": " + note;
    if (said_notes_.insert(line).second) say(Severity::Warning, line);
  }
}

void Runtime::stop_command_ended(const StopCommand& command,
                                 const std::variant<ExitStatus, ExecFailure>& how) {
  const auto* failure = std::get_if<ExecFailure>(&how);
  const bool ok = failure == nullptr && std::get<ExitStatus>(how).success();
  post(StopCommandEnded{command.of.unit, command.of.run, ok,
                        failure != nullptr ? failure->what : describe(std::get<ExitStatus>(how))});
}

void Runtime::drain_events() {
  while (!finish_) {
    while (!events_.empty() && !finish_) {
      const Event event = std::move(events_.front());
      events_.pop_front();
      const Actions actions = step(plan_, state_, event, mono_now());
      for (const Action& action : actions)
        guarded("an order",
                [&] { std::visit([this](const auto& order) { execute(order); }, action); });
    }
    ask_conditions();
    if (events_.empty()) return;
  }
}

void Runtime::tick(MonoTime now) {
  tick_due_ = false;
  uv_idle_stop(idle_.get());
  logs_.tick(now);
  helpers_.tick(now);
  if (memory_) memory_->tick(now);
  checks_.tick(now);
  mounts_.tick(now);
  if (listen_again_ && *listen_again_ <= now) listen();
  post(Tick{});
  drain_events();
}

/// The one timer. Its callback only sets a flag: libuv runs timers before it polls, and what waits
/// to be read comes first; the idle handle keeps that poll from waiting.
void Runtime::arm_timer() {
  const auto of_memory = memory_ ? memory_->next_deadline() : std::nullopt;
  const auto deadline =
      earliest({next_deadline(state_), logs_.next_deadline(), of_memory,
                helpers_.next_deadline(), checks_.next_deadline(), status_feed_.next_deadline(),
                mounts_.next_deadline(), listen_again_, retry_at_});
  if (!deadline) {
    uv_timer_stop(timer_.get());
    return;
  }
  const auto left = std::chrono::ceil<Millis>(*deadline - mono_now()).count();
  uv_update_time(loop_);
  uv_timer_start(
      timer_.get(),
      [](uv_timer_t* handle) {
        auto* self = static_cast<Runtime*>(handle->data);
        if (self == nullptr) return;
        self->tick_due_ = true;
        uv_idle_start(self->idle_.get(), [](uv_idle_t*) {});
      },
      static_cast<std::uint64_t>(std::max<long>(left, 0)), 0);
}

void Runtime::listen() {
  const bool again = listen_again_.has_value();
  listen_again_.reset();
  std::erase_if(not_listening_, [&](const ListenAddress& address) {
    const auto listening = server_.listen(address);
    if (listening && again)
      say(Severity::Info, "listening on " + say_address(address) + " now");
    if (listening) return true;
    say(Severity::Error, listening.error().message() + "; trying again every 5 s");
    return false;
  });
  if (!not_listening_.empty()) listen_again_ = mono_now() + std::chrono::seconds(5);
}

}  // namespace bootsman
