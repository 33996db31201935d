#include "wire/event_log.h"

#include <algorithm>

#include "base/json.h"

namespace bootsman {

namespace {

std::string_view type_of(Happened::What what) {
  switch (what) {
    case Happened::What::StateChanged:
      return "state";
    case Happened::What::Unhealthy:
      return "unhealthy";
    case Happened::What::Healthy:
      return "healthy";
    case Happened::What::BootDone:
      return "boot-done";
    case Happened::What::Stopping:
      return "stopping";
  }
  return "state";
}

}  // namespace

EventRecord event_record(const Happened& happened, const Plan& plan) {
  EventRecord event;
  event.type = type_of(happened.what);
  if (happened.unit) event.unit = plan[*happened.unit].id();
  if (happened.what == Happened::What::StateChanged) {
    event.from = to_text(happened.from);
    event.to = to_text(happened.to);
  }
  event.why = happened.why;
  return event;
}

Value event_value(const EventRecord& event) {
  Value value;
  value.set("sequence", static_cast<std::int64_t>(event.sequence));
  value.set("time_us", event.wall_us);
  value.set("type", event.type);
  const auto set = [&](std::string_view key, const std::string& text) {
    if (!text.empty()) value.set(key, text);
  };
  set("unit", event.unit);
  set("from", event.from);
  set("to", event.to);
  set("why", event.why);
  return value;
}

std::string event_text(const EventRecord& event) {
  // JSON has no raw line end, so that one line of data holds it.
  return "id: " + std::to_string(event.sequence) + "\nevent: " + event.type +
         "\ndata: " + to_json(event_value(event)) + "\n\n";
}

std::string lost_events_text(std::uint64_t count) {
  return "event: lost\ndata: {\"lost\":" + std::to_string(count) + "}\n\n";
}

void EventLog::add(EventRecord event, std::int64_t wall_us) {
  event.sequence = ++sequence_;
  event.wall_us = wall_us;
  if (!boot_done_ && boot_.size() < kBootMax) boot_.push_back(event);
  boot_done_ = boot_done_ || event.type == "boot-done";
  events_.push_back(std::move(event));
  if (events_.size() > kept_) events_.pop_front();
}

bool EventQuery::wants(const EventRecord& event) const {
  return units.empty() || event.unit.empty() || std::ranges::find(units, event.unit) != units.end();
}

std::uint64_t EventQuery::begin(const EventLog& log) const {
  // A number of an earlier life of the init would wait for ever.
  if (after) return *after > log.last_sequence() ? 0 : *after;
  std::vector<std::uint64_t> wanted;
  log.each(0, [&](const EventRecord& event) {
    if (wants(event)) wanted.push_back(event.sequence);
  });
  if (count >= wanted.size()) return count == 0 ? log.last_sequence() : 0;
  return count == 0 ? log.last_sequence() : wanted[wanted.size() - count] - 1;
}

}  // namespace bootsman
