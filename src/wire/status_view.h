#pragma once

#include <string>
#include <vector>

#include "base/value.h"
#include "wire/status_page.h"

namespace bootsman {

/// One unit's way through the boot, as far as its events are remembered.
struct BootSpan {
  std::string unit;
  std::int64_t from_ms = 0;  ///< Its first start, since the boot's first event.
  std::int64_t to_ms = 0;    ///< When it was first ready or over; the present while it is neither.
  std::string state;         ///< "ready", "done", "failed", …: how it came out.
  /// Of those it waited for, the one that was there last; empty: none.
  std::string after = {};
};

/// In the order of their starts. Units that never started are left out.
std::vector<BootSpan> boot_spans(const Plan& plan, const EventLog& events, std::int64_t wall_us);
/// {"begin_us", "done_ms", "units": [{"unit", "from_ms", "to_ms", "state", "after"}]}; done_ms is
/// null until the boot is done.
Value boot_value(const Plan& plan, const EventLog& events, std::int64_t wall_us);

/// The data of the page: {"phase", "healthy", "ready", "uptime_s", "units": [{"id", "kind",
/// "state", "health", "since_s", "restarts", "why"}], "mounts": [{"id", "target", "up", "remounts",
/// "probe_ms", "cache"}], "boot": [{"unit", "from_ms", "to_ms",
/// "state"}], "events": [{"time_us", "text"}], "usage": {…}}.
Value status_value(const PageView& view);
/// {"memory", "limit", "cpu_us", "time_us"}; what the kernel does not tell is left out.
Value usage_value(const PageView& view);

/// One line about an event: "service.web: starting → ready".
std::string event_line(const EventRecord& event);

/// "booting", "up", "stopping".
std::string_view life_word(const State& state);

}  // namespace bootsman
