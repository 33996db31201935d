#pragma once

#include <optional>

#include "core/messages.h"
#include "core/state.h"

namespace bootsman {

/// The one step of the functional core: takes in a fact, changes the state in place, and says what
/// to do. No system call, clock, log or libuv type; never throws but for std::bad_alloc. The caller
/// carries the actions out in order and feeds what comes of them back as events. An event about a
/// run that is over changes nothing. After Finish no event changes anything.
Actions step(const Plan& plan, State& state, const Event& event, MonoTime now);

/// When the core wants the next Tick at the latest; nothing when only facts can move it on.
std::optional<MonoTime> next_deadline(const State& state);

}  // namespace bootsman
