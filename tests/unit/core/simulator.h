#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "unit/core/simulator_commands.h"

namespace bootsman::test {

struct SimulatorOptions {
  std::uint32_t most_units = 30;
  std::uint32_t events = 250;  ///< Then a stop is asked for, if none was.
  bool trace = false;          ///< Print every fact and order.
};

/// One history: a core and a world that answers its orders, driven by chance. Throws Broken where
/// an invariant does not hold.
class Simulator {
 public:
  Simulator(std::uint64_t seed, SimulatorOptions options)
      : options_(options),
        dice_{Prng{seed}},
        plan_(random_plan(dice_, dice_.one_in(3) ? options.most_units : 5)),
        state_(initial_state(plan_, seed)),
        world_(plan_, dice_),
        people_(plan_, dice_),
        ever_settled_(plan_.units.size()),
        started_(plan_.units.size()),
        commanded_(plan_.units.size()) {
    peopled_ = dice_.one_in(2);
    reloads_wanted_ = dice_.one_in(2);
    first_ = plan_;
    jumps_ = dice_.one_in(4);
    stop_after_ = dice_.below(options.events);
    hurries_ = dice_.below(6);
  }

  void run() {
    feed(Booted{});
    while (!finished_) {
      if (++turns_ > options_.events * 40) throw Broken("the history does not come to an end");
      if (turns_ >= stop_after_ && (!state_.shutdown || (hurries_ > 0 && dice_.one_in(30)))) {
        if (state_.shutdown) --hurries_;
        feed(SignalReceived{Signal{dice_.one_in(3) ? 37 : 15}});
        continue;
      }
      make_noise();
      if (!finished_) advance();
    }
    check_that_all_is_over();
  }

  std::uint64_t facts() const { return facts_; }
  std::uint64_t commands() const { return people_.given(); }
  std::uint32_t reloads() const { return reloads_; }
  std::uint32_t taken_back() const { return taken_back_; }

 private:
  MonoTime now() const { return world_now_ + frozen_; }

  void advance() {
    const auto deadline = next_deadline(state_);
    if (!world_.has_fact() && !deadline) return on_quiet();
    const Millis late = dice_.one_in(4) ? dice_.upto(30) : Millis{0};
    if (deadline && (!world_.has_fact() || *deadline + late < world_.next_fact_at() + frozen_)) {
      const MonoTime at = std::max<MonoTime>(*deadline + late, now());
      slips_ += std::max<Micros>(at - *deadline, Micros{0});
      if (state_.shutdown) lateness_ += std::max<Micros>(at - *deadline, Micros{0});
      world_now_ = at - frozen_;
      return tick_when_due();
    }
    world_now_ = std::max(world_now_, world_.next_fact_at());
    if (const auto event = world_.take_fact()) feed(*event);
  }

  /// A deadline that comes to nothing would keep the loop busy for ever.
  void tick_when_due() {
    const bool spins = dice_.one_in(4);
    State before = spins ? state_ : State{};
    feed(Tick{});
    before.last_turn = state_.last_turn;
    if (spins && before == state_) throw Broken("a deadline comes to nothing");
  }

  void on_quiet() {
    const bool resting = init_phase(state_) == InitPhase::Up || world_.something_lives();
    if (!resting) throw Broken("nothing can move the state on");
    if (state_.shutdown) throw Broken("a stop waits without a deadline");
    if (peopled_ && !dice_.one_in(4)) {
      world_now_ += dice_.upto(5'000);
      return command();
    }
    feed(SignalReceived{Signal{15}});
  }

  void reload() {
    ++reloads_;
    if (!state_.reload) {
      const auto job = plan_.job();
      const bool began =
          job && (state_.units[job->value].executed || is_live(state_.units[job->value].phase));
      const Plan edited = edited_plan(dice_, dice_.one_in(8) ? first_ : plan_, names_);
      other_ = reload_target(plan_, edited, began).plan;
    }
    const Transition way = make_transition(plan_, other_);
    for (const UnitIndex unit : way.replaced) commanded_[unit.value] = true;
    feed(ReloadAsked{people_.ask_for_reload(), way, make_transition(other_, plan_),
                     say_transition(plan_, other_, way)});
  }

  /// Plays the shell's part of AdoptPlan.
  void go_over() {
    const Reload& reload = *state_.reload;
    const auto moved = (reload.back ? reload.way_back : reload.way).moved;
    taken_back_ += reload.back ? 1 : 0;
    std::swap(plan_, other_);
    adopt(other_, plan_, state_, now());
    world_.renumber(moved);
    people_.renumber(moved);
    for (auto* flags : {&ever_settled_, &started_, &commanded_}) {
      const auto before = std::exchange(*flags, std::vector<bool>(plan_.units.size()));
      for (std::size_t i = 0; i < moved.size(); ++i) {
        if (!moved[i]) continue;
        const Phase& phase = state_.units[moved[i]->value].phase;
        if (!std::holds_alternative<phase::Held>(phase)) (*flags)[moved[i]->value] = before[i];
      }
    }
    for (std::uint32_t i = 0; i < plan_.units.size(); ++i) {
      const Phase& phase = state_.units[i].phase;
      // It began under the plan before.
      if (std::holds_alternative<phase::Asking>(phase)) started_[i] = true;
    }
    for (const UnitIndex unit : reload.way_back.replaced) {
      if (!reload.back) commanded_[unit.value] = true;
    }
    check_adopted();
    feed(PlanAdopted{});
  }

  /// Nobody has lost a process, and none of the units that are gone has one.
  void check_adopted() {
    for (std::uint32_t i = 0; i < plan_.units.size(); ++i) {
      const bool lives = is_live(state_.units[i].phase);
      if (!lives && world_.unit_has_process(UnitIndex{i}))
        throw Broken(plan_.units[i].name + " has lost its process by a reload");
    }
    if (world_.unit_has_process(UnitIndex{~std::uint32_t{0}}))
      throw Broken("a unit that is gone has a process");
  }

  void command() {
    if (reloads_wanted_ && dice_.one_in(3)) return reload();
    const CommandReceived given = people_.command(now(), slips_);
    std::visit(
        [&](const auto& what) {
          if constexpr (requires { what.unit; }) {
            if (what.unit.value < commanded_.size()) commanded_[what.unit.value] = true;
          }
        },
        given.what);
    feed(given);
  }

  void make_noise() {
    if (dice_.one_in(25)) feed(Tick{});
    if (!finished_ && !past_.empty() && dice_.one_in(15)) {
      feed(past_[dice_.below(static_cast<std::uint32_t>(past_.size()))], false);
    }
    if (!finished_ && dice_.one_in(100)) feed(SignalReceived{Signal{1}});
    if (!finished_ && peopled_ && dice_.one_in(10)) command();
    if (jumps_ && dice_.one_in(60)) {
      const Millis pause = dice_.upto(dice_.one_in(2) ? 3'000 : 3'600'000);
      frozen_ += pause;
      slips_ += pause;
      if (state_.shutdown) lateness_ += pause;
    }
  }

  void feed(const Event& given, bool is_new = true) {
    // What is kept here goes by the plan in force; the core may be given the older place.
    Event event = given;
    place(event);
    ++facts_;
    const auto before = dice_.one_in(16) ? std::optional(state_) : std::nullopt;
    if (is_new) remember(given);
    note_ends(event);
    const Event& fact = dice_.one_in(2) ? given : event;
    const Actions actions = step(plan_, state_, fact, now());
    if (options_.trace) trace(event, actions);
    if (before) check_determinism(*before, fact, actions);
    note_settled_in_turn(event);
    bool adopts = false;
    for (const Action& action : actions) {
      if (finished_) throw Broken("an order after the last one");
      check_order(action);
      if (const auto* reply = std::get_if<Reply>(&action)) people_.take(*reply, state_);
      world_.obey(action, world_now_);
      if (adopts) throw Broken("an order behind AdoptPlan");
      adopts = std::holds_alternative<AdoptPlan>(action);
    }
    if (adopts) {
      for (std::uint32_t i = 0; i < plan_.units.size(); ++i) note_settled(UnitIndex{i});
      return go_over();
    }
    check_state();
    if (!finished_) people_.check(world_, state_, now(), slips_);
  }

  /// One turn may find a unit ready and order its stop: when the drain is over, when a reload goes
  /// back, when a unit says that it is ready and hangs.
  void note_settled_in_turn(const Event& event) {
    const auto* check = std::get_if<CheckFinished>(&event);
    const auto known = [this](UnitIndex unit) { return unit.value < plan_.units.size(); };
    if (check != nullptr && check->ok && known(check->unit) &&
        state_.units[check->unit.value].settled) {
      ever_settled_[check->unit.value] = true;
    }
    const auto* executed = std::get_if<ExecSucceeded>(&event);
    if (executed != nullptr && known(executed->unit) &&
        state_.units[executed->unit.value].settled) {
      ever_settled_[executed->unit.value] = true;
    }
    const auto* word = std::get_if<Notified>(&event);
    if (word != nullptr && known(word->unit) && state_.units[word->unit.value].settled) {
      ever_settled_[word->unit.value] = true;
    }
    if (!std::holds_alternative<Tick>(event)) return;
    for (std::uint32_t i = 0; i < plan_.units.size(); ++i) {
      const bool settles = plan_.units[i].settle.count() > 0 && !plan_.units[i].ready;
      if (settles && state_.units[i].settled) ever_settled_[i] = true;
    }
  }

  /// Puts the units into the facts by their runs, as they are in the plan in force.
  void place(Event& event) {
    const auto put = [this](UnitIndex& unit, RunId run) {
      if (const auto* found = world_.find(run)) unit = found->unit;
    };
    std::visit(
        [&](auto& fact) {
          if constexpr (requires {
                          fact.run;
                          fact.unit;
                        })
            put(fact.unit, fact.run);
          if constexpr (requires { fact.ends; }) {
            for (ProcessEnd& end : fact.ends) put(end.unit, end.run);
          }
        },
        event);
    if (auto* known = std::get_if<ConditionsKnown>(&event)) {
      for (std::uint32_t i = 0; i < state_.units.size(); ++i) {
        if (run_of(state_.units[i].phase) == known->run) known->unit = UnitIndex{i};
      }
    }
  }

  void remember(const Event& event) {
    const bool once = std::holds_alternative<ReloadAsked>(event) ||
                      std::holds_alternative<PlanAdopted>(event) ||
                      std::holds_alternative<SignalReceived>(event) ||
                      std::holds_alternative<LeftoversCounted>(event) ||
                      std::holds_alternative<CommandReceived>(event);
    if (!once) past_.push_back(event);
  }

  void note_ends(const Event& event) {
    const auto gone = [this](UnitIndex unit) { return unit.value >= plan_.units.size(); };
    if (const auto* over = std::get_if<StepFinished>(&event);
        over != nullptr && !gone(over->unit) && over->result != StepResult::NotBegun)
      ever_settled_[over->unit.value] = true;
    const auto* fact = std::get_if<ProcessesEnded>(&event);
    if (fact == nullptr) return;
    for (const ProcessEnd& end : fact->ends) {
      if (gone(end.unit)) continue;
      const auto* status = std::get_if<ExitStatus>(&end.how);
      if (status != nullptr) ever_settled_[end.unit.value] = true;
      if (plan_[end.unit].kind == UnitKind::Job && job_runs_ < end.run) {
        job_runs_ = end.run;
        const auto* failure = std::get_if<ExecFailure>(&end.how);
        const bool hopeless =
            failure != nullptr && (failure->error == ENOENT || failure->error == EACCES);
        if (hopeless) job_code_ = failure->shell_code();
        if (status != nullptr) job_code_ = status->shell_code();
      }
    }
  }

  // ---- invariants

  void check_order(const Action& action) {
    if (const auto* order = std::get_if<Spawn>(&action)) check_spawn(*order);
    if (const auto* order = std::get_if<Kill>(&action)) check_kill(*order);
    if (const auto* order = std::get_if<RunSteps>(&action)) check_steps(*order);
    if (const auto* order = std::get_if<StartCheck>(&action)) {
      const auto* run = world_.find(order->run);
      if (run == nullptr || !run->process) throw Broken("a check of a run that is over");
    }
    if (const auto* order = std::get_if<Finish>(&action)) check_finish(*order);
    const auto* told = std::get_if<Happened>(&action);
    if (told != nullptr && told->what == Happened::What::StateChanged && told->from == told->to)
      throw Broken("a state is told twice");
  }

  void check_start(UnitIndex unit) {
    if (state_.shutdown) throw Broken(plan_[unit].name + " starts during the stop");
    people_.check_start(unit);
    const auto& command = state_.units[unit.value].command;
    if (command && command->kind == PendingCommand::Kind::Stop) {
      throw Broken(plan_[unit].name + " starts while it is being stopped");
    }
    if (started_[unit.value]) return;
    started_[unit.value] = true;
    for (const UnitIndex other : plan_[unit].after) {
      if (!ever_settled_[other.value]) note_settled(other);
      if (!ever_settled_[other.value])
        throw Broken(plan_[unit].name + " starts too early, before " + plan_[other].name);
    }
    // A requirement may have been lost since: while conditions were asked, or a step was queued.
    if (plan_[unit].conditions.asks() || plan_[unit].builtin) return;
    for (const UnitIndex other : plan_[unit].requires_) {
      const UnitState is = unit_state(state_.units[other.value].phase);
      // A reload that goes back may stop it in the same turn.
      const Phase& phase = state_.units[other.value].phase;
      const bool held = is_stopping(phase) || std::holds_alternative<phase::Held>(phase);
      if (state_.reload && held) continue;
      const bool met = is == UnitState::Ready || is == UnitState::Done || is == UnitState::Skipped;
      if (!met) throw Broken(plan_[unit].name + " starts without what it requires");
    }
  }

  void check_spawn(const Spawn& order) {
    if (world_.unit_has_process(order.unit)) {
      throw Broken("two processes of " + plan_[order.unit].name);
    }
    if (world_.find(order.run) != nullptr) throw Broken("a RunId is used twice");
    check_start(order.unit);
  }

  void check_steps(const RunSteps& order) {
    for (std::size_t i = 0; i < order.items.size(); ++i) {
      if (i > 0 && !(order.items[i - 1].unit < order.items[i].unit)) {
        throw Broken("steps are not in the plan's order");
      }
      check_start(order.items[i].unit);
    }
    for (std::uint32_t i = 0; i < plan_.units.size(); ++i) {
      if (plan_.units[i].builtin && world_.unit_has_process(UnitIndex{i})) {
        throw Broken("two helpers for steps at once");
      }
    }
  }

  void check_kill(const Kill& order) {
    const auto* run = world_.find(order.run);
    const std::string& name = plan_[order.unit].name;
    if (run == nullptr || !(run->process || run->group || run->step)) {
      throw Broken("a signal for a run of " + name + " that is gone");
    }
    const bool ordered = state_.shutdown && state_.shutdown->signals < 2 &&
                         !state_.shutdown->killed && run->process &&
                         init_phase(state_) != InitPhase::Draining && order.signal.value != 9 &&
                         order.signal.value != 1;
    const auto* stopping = std::get_if<phase::Stopping>(&state_.units[order.unit.value].phase);
    const bool too_long = stopping != nullptr && stopping->then == Then::Fail;
    // Its stop may have begun before that of the container: this is a later signal of it.
    const bool earlier = stopping != nullptr && stopping->reason != "the container stops";
    // A person may have stopped it out of turn, just before.
    if (!ordered || too_long || earlier || commanded_[order.unit.value]) return;
    for (const UnitIndex dependant : plan_.dependants[order.unit.value]) {
      if (world_.unit_has_process(dependant)) {
        throw Broken(name + " is stopped before " + plan_[dependant].name);
      }
    }
  }

  void check_finish(const Finish& order) {
    finished_ = true;
    const auto job = plan_.job();
    const bool undead = job && world_.unit_has_process(*job) && order.exit_code == 137;
    if (job_code_ && order.exit_code != *job_code_ && !undead) {
      throw Broken("the job's code is lost");
    }
    if (order.reason.empty()) throw Broken("the end has no reason");
  }

  void note_settled(UnitIndex unit) {
    const UnitState is = unit_state(state_.units[unit.value].phase);
    // What is held may have come to its end in the same turn; it counts anew when it starts.
    const Phase& phase = state_.units[unit.value].phase;
    const bool over =
        is_final(phase) || is == UnitState::Ready || std::holds_alternative<phase::Held>(phase);
    if (over) ever_settled_[unit.value] = true;
  }

  void check_state() {
    std::uint32_t live = 0;
    std::uint32_t stopping = 0;
    std::uint32_t open = 0;
    std::uint32_t unsettled = 0;
    std::optional<MonoTime> earliest;
    for (std::uint32_t i = 0; i < plan_.units.size(); ++i) {
      const UnitRuntime& unit = state_.units[i];
      note_settled(UnitIndex{i});
      live += is_live(unit.phase) ? 1 : 0;
      stopping += is_stopping(unit.phase) ? 1 : 0;
      open += is_final(unit.phase) ? 0 : 1;
      unsettled += unit.settled ? 0 : 1;
      if (unit.settled && !ever_settled_[i])
        throw Broken(plan_.units[i].name + " settled without an end");
      const auto at = deadline_of(unit.phase);
      if (at && (!earliest || *at < *earliest)) earliest = at;
    }
    const bool counts = live == state_.live && stopping == state_.stopping && open == state_.open &&
                        unsettled == state_.unsettled;
    if (!counts) throw Broken("a counter is wrong");
    if (earliest != state_.deadlines.earliest()) throw Broken("a deadline is lost");
    check_budget();
  }

  void check_budget() {
    if (!state_.shutdown || finished_) return;
    const Micros most = Micros{plan_.shutdown.timeout} + Millis{1'100} + lateness_;
    if (now() > state_.shutdown->requested_at + most) throw Broken("the stop takes too long");
  }

  void check_determinism(State before, const Event& event, const Actions& actions) {
    const Actions again = step(plan_, before, event, now());
    if (!(before == state_)) throw Broken("the same fact leads to another state");
    if (show(plan_, again) != show(plan_, actions)) throw Broken("other orders for the same fact");
  }

  void check_that_all_is_over() {
    people_.check_end();
    const State before = state_;
    if (next_deadline(state_)) throw Broken("a deadline after the end");
    for (const Event& event : past_) {
      if (!step(plan_, state_, event, now()).empty()) throw Broken("an order after the end");
    }
    if (!(before == state_)) throw Broken("a change after the end");
  }

  void trace(const Event& event, const Actions& actions) const;

  SimulatorOptions options_;
  Dice dice_;
  Plan plan_;
  Plan other_;  ///< Not in force, while a reload is under way.
  Plan first_;
  State state_;
  World world_;
  People people_;
  std::vector<bool> ever_settled_;
  std::vector<bool> started_;
  std::vector<bool> commanded_;  ///< A person has asked for something about it.
  std::vector<Event> past_;
  std::optional<int> job_code_;  ///< Of its latest run that has ended.
  RunId job_runs_;               ///< That run.
  MonoTime world_now_{Millis{1'000'000}};
  Micros frozen_{0};
  Micros lateness_{0};
  Micros slips_{0};  ///< As lateness_, of the whole history.
  std::uint64_t facts_ = 0;
  std::uint32_t turns_ = 0;
  std::uint32_t stop_after_ = 0;
  std::uint32_t hurries_ = 0;
  bool jumps_ = false;
  bool peopled_ = false;
  bool reloads_wanted_ = false;
  std::uint32_t reloads_ = 0;
  std::uint32_t taken_back_ = 0;
  std::uint32_t names_ = 1'000;
  bool finished_ = false;
};

}  // namespace bootsman::test
