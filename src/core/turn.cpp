#include "core/turn.h"

#include <algorithm>

#include "core/commands.h"

namespace bootsman {

void Turn::enter(UnitIndex index, Phase phase, std::string why) {
  UnitRuntime& runtime = unit(index);
  const bool was_live = is_live(runtime.phase);
  const auto count = [](std::uint32_t& counter, bool before, bool after) {
    if (before != after) counter = after ? counter + 1 : counter - 1;
  };
  count(state.live, was_live, is_live(phase));
  count(state.stopping, is_stopping(runtime.phase), is_stopping(phase));
  count(state.open, !is_final(runtime.phase), !is_final(phase));
  if (was_live && !is_live(phase)) ended.push_back(index);
  const UnitState from = unit_state(runtime.phase);
  const UnitState to = unit_state(phase);
  if (from != to) {
    runtime.since = now;
    actions.push_back(Happened{Happened::What::StateChanged, index, from, to, why});
  }
  runtime.phase = std::move(phase);
  runtime.why = std::move(why);
  refresh_deadline(index);
  answer_if_over(*this, index);
}

void Turn::refresh_deadline(UnitIndex index) {
  state.deadlines.set(index, deadline_of(unit(index).phase));
}

void Turn::settle(UnitIndex index) {
  UnitRuntime& runtime = unit(index);
  if (runtime.settled) return;
  runtime.settled = true;
  --state.unsettled;
  for (const UnitIndex dependant : plan.dependants[index.value]) {
    --unit(dependant).unsettled;
    due.push_back(dependant);
  }
}

void Turn::wake_dependants(UnitIndex index) {
  const auto& dependants = plan.dependants[index.value];
  due.insert(due.end(), dependants.begin(), dependants.end());
}

void Turn::doom_dependants(UnitIndex index) {
  for (const UnitIndex dependant : plan.dependants[index.value]) {
    if (!std::holds_alternative<phase::Waiting>(unit(dependant).phase)) continue;
    const auto& required = spec(dependant).requires_;
    if (std::ranges::find(required, index) != required.end()) doomed.emplace_back(dependant, index);
  }
}

void Turn::unblock_dependants(UnitIndex index) {
  std::vector<UnitIndex> started{index};
  while (!started.empty()) {
    const UnitIndex last = started.back();
    started.pop_back();
    for (const UnitIndex dependant : plan.dependants[last.value]) {
      if (!std::holds_alternative<phase::Blocked>(unit(dependant).phase)) continue;
      const auto& required = spec(dependant).requires_;
      if (std::ranges::find(required, last) == required.end()) continue;
      enter(dependant, phase::Waiting{}, "");
      due.push_back(dependant);
      started.push_back(dependant);
    }
  }
}

void Turn::say(Severity severity, std::optional<UnitIndex> about, std::string text) {
  actions.push_back(Say{severity, about, std::move(text)});
}

void Turn::tell(Happened::What what, std::optional<UnitIndex> about, std::string why) {
  actions.push_back(Happened{what, about, {}, {}, std::move(why)});
}

void Turn::kill(UnitIndex index, RunId run, Signal signal, KillScope scope) {
  actions.push_back(Kill{index, run, signal, scope});
}

}  // namespace bootsman
