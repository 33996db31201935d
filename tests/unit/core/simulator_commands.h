#pragma once

#include <map>
#include <string>
#include <vector>

#include "unit/core/simulator_world.h"

namespace bootsman::test {

/// The people: they command whatever they like, whenever they like, and keep book of what became
/// of it. Throws Broken where a promise to them is not kept.
class People {
 public:
  People(const Plan& plan, Dice& dice) : plan_(plan), dice_(dice), kept_(plan.units.size()) {}

  /// The next command, given at `now`, which is `slips` later than the world's work needed.
  CommandReceived command(MonoTime now, Micros slips) {
    const CommandId id{++given_};
    const auto count = static_cast<std::uint32_t>(plan_.units.size());
    // Now and then of a unit that does not exist.
    const UnitIndex unit{dice_.one_in(50) ? count : dice_.below(count)};
    const Command what = draw(unit);
    Open open{unit, what, {}};
    if (std::holds_alternative<StopUnit>(what) && unit.value < count) {
      open.late_at = now + plan_[unit].stop.timeout + kPatience - slips;
    }
    const bool starts =
        std::holds_alternative<StartUnit>(what) || std::holds_alternative<RestartUnit>(what);
    if (starts && unit.value < count) kept_[unit.value] = false;
    open_.emplace(id.value, open);
    return CommandReceived{id, what};
  }

  /// The id of a reload, which somebody asks for now.
  CommandId ask_for_reload() {
    const CommandId id{++given_};
    open_.emplace(id.value, Open{kNobody, SignalUnit{kNobody, Signal{1}}, {}});
    return id;
  }
  void renumber(const std::vector<std::optional<UnitIndex>>& moved) {
    const std::vector<bool> before = std::exchange(kept_, std::vector<bool>(plan_.units.size()));
    for (std::size_t i = 0; i < moved.size(); ++i) {
      if (moved[i]) kept_[moved[i]->value] = before[i];
    }
    for (auto& [id, open] : open_) {
      if (open.unit.value >= moved.size()) continue;
      open.unit = moved[open.unit.value].value_or(kNobody);
    }
  }

  void take(const Reply& reply, const State& state) {
    const auto found = open_.find(reply.id.value);
    if (found == open_.end()) throw Broken("an answer without a question: " + reply.text);
    if (reply.text.empty()) throw Broken("an answer without a text");
    const Open open = found->second;
    open_.erase(found);
    if (reply.ok && std::holds_alternative<StopUnit>(open.what)) {
      const Phase& phase = state.units[open.unit.value].phase;
      if (!is_final(phase) && plan_[open.unit].kind != UnitKind::Job) {
        throw Broken(plan_[open.unit].name + " is said to be stopped, and is not");
      }
      kept_[open.unit.value] = std::holds_alternative<phase::Stopped>(phase);
    }
  }

  void check_start(UnitIndex unit) const {
    if (kept_[unit.value]) throw Broken(plan_[unit].name + " starts though a person stopped it");
  }

  /// At most one start, stop or restart of a unit waits for its end, and no stop for too long.
  void check(const World& world, const State& state, MonoTime now, Micros slips) const {
    std::size_t waiting = state.reload ? 1 : 0;
    for (const UnitRuntime& unit : state.units) waiting += unit.command ? 1 : 0;
    if (waiting != open_.size()) throw Broken("a command is forgotten");
    if (state.shutdown) return;  // Its own budget is checked.
    for (const auto& [id, open] : open_) {
      if (!open.late_at || world.unit_is_immortal(open.unit)) continue;
      if (now > *open.late_at + slips) {
        throw Broken("the stop of " + plan_[open.unit].name + " takes too long");
      }
    }
  }

  void check_end() const {
    if (!open_.empty()) throw Broken("a command was never answered");
  }
  std::uint64_t given() const { return given_; }

 private:
  struct Open {
    UnitIndex unit;
    Command what;
    std::optional<MonoTime> late_at;
  };
  static constexpr UnitIndex kNobody{~std::uint32_t{0}};
  /// For a group that not even SIGKILL ends, and what the world takes to let things die.
  static constexpr Millis kPatience{2'500};

  Command draw(UnitIndex unit) {
    switch (dice_.below(10)) {
      case 0:
      case 1:
      case 2:
        return StartUnit{unit};
      case 3:
      case 4:
      case 5:
        return StopUnit{unit};
      case 6:
      case 7:
        return RestartUnit{unit};
      case 8:
        if (dice_.one_in(20)) return StopInit{dice_.one_in(2) ? std::optional(7) : std::nullopt};
        [[fallthrough]];
      default:
        return SignalUnit{unit, Signal{static_cast<int>(dice_.below(66))}};
    }
  }

  const Plan& plan_;
  Dice& dice_;
  std::vector<bool> kept_;  ///< Stopped by command, and not started since.
  std::map<std::uint64_t, Open> open_;
  std::uint64_t given_ = 0;
};

}  // namespace bootsman::test
