#include "wire/status_view.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "core/status.h"

namespace bootsman {
namespace {

constexpr std::size_t kEventsShown = 30;
constexpr std::size_t kSpansMax = 500;

bool is_start(std::string_view state) {
  return state == "starting" || state == "running" || state == "ready" || state == "done";
}
bool is_outcome(std::string_view state) {
  return state == "ready" || state == "done" || state == "failed" || state == "blocked" ||
         state == "backoff" || state == "skipped";
}

Value unit_value(const UnitStatus& unit, MonoTime now) {
  using std::chrono::duration_cast;
  Value value;
  value.set("id", unit.id);
  value.set("kind", to_text(unit.kind));
  value.set("state", to_text(unit.state));
  if (unit.health == Health::Unhealthy) value.set("health", "unhealthy");
  value.set("since_s", std::int64_t{duration_cast<std::chrono::seconds>(now - unit.since).count()});
  value.set("restarts", std::int64_t{unit.restarts});
  value.set("why", unit.why);
  return value;
}

Value mount_value(const PageView& view, UnitIndex index, const UnitStatus& unit) {
  const MountNumbers numbers = numbers_of(view.mounts, index);
  Value value;
  value.set("id", unit.id);
  value.set("target", view.plan[index].mount->target);
  value.set("up", is_up(unit));
  value.set("remounts", static_cast<std::int64_t>(numbers.remounts()));
  if (numbers.probe) value.set("probe_ms", std::int64_t{numbers.probe->count()});
  if (numbers.cache_bytes > 0) value.set("cache", static_cast<std::int64_t>(numbers.cache_bytes));
  return value;
}

}  // namespace

std::string_view life_word(const State& state) {
  switch (init_phase(state)) {
    case InitPhase::Booting:
      return "booting";
    case InitPhase::Up:
      return "up";
    default:
      return "stopping";
  }
}

std::string event_line(const EventRecord& event) {
  std::string line = event.unit;
  if (!line.empty()) line += ": ";
  line += event.type == "state" ? event.from + " → " + event.to : event.type;
  if (!event.why.empty()) line += " (" + event.why + ")";
  return line;
}

std::vector<BootSpan> boot_spans(const Plan& plan, const EventLog& events, std::int64_t wall_us) {
  std::vector<BootSpan> spans;
  if (events.boot().empty()) return spans;
  const std::int64_t begin = events.boot().front().wall_us;
  std::map<std::string, std::size_t, std::less<>> known;
  for (const EventRecord& event : events.boot()) {
    if (event.type != "state") continue;
    const std::int64_t at = (event.wall_us - begin) / 1000;
    const auto found = known.find(event.unit);
    if (found == known.end()) {
      if (!is_start(event.to) || spans.size() == kSpansMax) continue;
      known.emplace(event.unit, spans.size());
      spans.push_back({event.unit, at, at, is_outcome(event.to) ? event.to : ""});
    } else if (BootSpan& span = spans[found->second]; span.state.empty() && is_outcome(event.to)) {
      span.to_ms = at;
      span.state = event.to;
    }
  }
  for (BootSpan& span : spans)
    if (span.state.empty()) span.to_ms = std::max(span.from_ms, (wall_us - begin) / 1000);
  for (const Unit& unit : plan.units) {
    const auto own = known.find(unit.id());
    if (own == known.end()) continue;
    const BootSpan* last = nullptr;
    for (const UnitIndex before : unit.after) {
      const auto other = known.find(plan[before].id());
      if (other == known.end()) continue;
      const BootSpan& span = spans[other->second];
      // Of two that ended in one millisecond the one that began later waited for the other.
      if (last == nullptr ||
          std::pair(span.to_ms, span.from_ms) > std::pair(last->to_ms, last->from_ms))
        last = &span;
    }
    if (last != nullptr) spans[own->second].after = last->unit;
  }
  return spans;
}

namespace {

Value::Array spans_value(const std::vector<BootSpan>& spans) {
  Value::Array all;
  for (const BootSpan& span : spans) {
    Value one;
    one.set("unit", span.unit);
    one.set("from_ms", span.from_ms);
    one.set("to_ms", span.to_ms);
    one.set("state", span.state);
    one.set("after", span.after);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

Value boot_value(const Plan& plan, const EventLog& events, std::int64_t wall_us) {
  const auto& boot = events.boot();
  Value value;
  value.set("begin_us", boot.empty() ? wall_us : boot.front().wall_us);
  // Beyond kBootMax events the end is not among them.
  const bool done = events.boot_done() && boot.back().type == "boot-done";
  value.set("done_ms", done ? Value((boot.back().wall_us - boot.front().wall_us) / 1000) : Value());
  value.set("units", spans_value(boot_spans(plan, events, wall_us)));
  return value;
}

Value usage_value(const PageView& view) {
  Value value;
  value.set("time_us", view.wall_us);
  if (view.usage.memory_bytes)
    value.set("memory", static_cast<std::int64_t>(*view.usage.memory_bytes));
  if (view.usage.memory_limit_bytes)
    value.set("limit", static_cast<std::int64_t>(*view.usage.memory_limit_bytes));
  if (view.usage.cpu) value.set("cpu_us", std::int64_t{view.usage.cpu->count()});
  return value;
}

Value status_value(const PageView& view) {
  Value value;
  value.set("phase", life_word(view.state));
  value.set("healthy", health_verdict(view.plan, view.state).ok);
  value.set("ready", ready_verdict(view.plan, view.state).ok);
  Value::Array units, mounts, boot, events;
  for (std::uint32_t i = 0; i < view.plan.units.size(); ++i) {
    const UnitStatus unit = unit_status(view.plan, view.state, UnitIndex{i});
    units.push_back(unit_value(unit, view.now));
    if (view.plan.units[i].mount && unit.state != UnitState::Skipped)
      mounts.push_back(mount_value(view, UnitIndex{i}, unit));
  }
  const auto last = view.events.last_sequence();
  view.events.each(last > kEventsShown ? last - kEventsShown : 0, [&](const EventRecord& event) {
    Value one;
    one.set("time_us", event.wall_us);
    one.set("text", event_line(event));
    events.push_back(std::move(one));
  });
  value.set("units", std::move(units));
  value.set("mounts", std::move(mounts));
  value.set("boot", spans_value(boot_spans(view.plan, view.events, view.wall_us)));
  value.set("events", std::move(events));
  value.set("usage", usage_value(view));
  return value;
}

std::string status_event(const PageView& view) {
  return "event: status\ndata: " + to_json(status_value(view)) + "\n\n";
}

std::string usage_event(const PageView& view) {
  return "event: usage\ndata: " + to_json(usage_value(view)) + "\n\n";
}

}  // namespace bootsman
