#include "shell/event_hooks.h"

#include <unistd.h>

#include <algorithm>

#include "base/json.h"
#include "shell/clock.h"
#include "wire/hook_events.h"

namespace bootsman {

namespace {

/// Of one helper's life.
constexpr std::size_t kBatch = 8;
/// For one event; helper/hook_task.cpp keeps to less.
constexpr Millis kWebTime{80'000};
constexpr Millis kProgramTime{12'000};

/// Waited in the queue for its turn as one text; PID 1 keeps no trees.
std::string hook_text(const EventRecord& event, std::string_view name) {
  char host[256] = "";
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  Value value = event_value(event);
  value.set("event", name);
  value.set("host", host);
  return to_json(value);
}

}  // namespace

void EventHooks::happened(const EventRecord& event) {
  if (plan_.programs.empty() && plan_.web.url.empty()) return;
  const std::string_view name = hook_name(event);
  if (name.empty()) return;
  for (const bool web : {false, true}) {
    if (web ? plan_.web.url.empty() : plan_.programs.empty()) continue;
    Line& line = lines_[web];
    if (line.waiting.size() < kWaitingMax)
      line.waiting.push_back(hook_text(event, name));
    else
      ++line.lost;
    if (!line.under_way) start(web);
  }
}

std::vector<HelperId> EventHooks::helpers() const {
  std::vector<HelperId> at_work;
  for (const Line& line : lines_)
    if (line.under_way) at_work.push_back(line.helper);
  return at_work;
}

void EventHooks::start(bool web) {
  Line& line = lines_[web];
  const char* who = web ? "webhook: " : "hooks: ";
  if (line.lost > 0)
    log_.say(Severity::Warning, who + std::to_string(std::exchange(line.lost, 0)) +
                                    " events were not told: too many came at once");
  if (line.waiting.empty()) return;
  Value::Array events;
  while (!line.waiting.empty() && events.size() < kBatch) {
    events.emplace_back(std::move(line.waiting.front()));
    line.waiting.pop_front();
  }
  const auto count = static_cast<int>(events.size());
  Value request;
  request.set("events", std::move(events));
  Millis time = count * kWebTime;
  if (web) {
    request.set("url", plan_.web.url);
    request.set("bearer", plan_.web.bearer);
    request.set("ca_file", plan_.web.ca_file);
    request.set("insecure", plan_.web.insecure);
  } else {
    Value::Array programs;
    for (const std::string& program : plan_.programs) programs.emplace_back(program);
    time = count * static_cast<int>(programs.size()) * kProgramTime;
    request.set("programs", std::move(programs));
  }
  line.under_way = true;
  line.helper = helpers_.start(
      "hook", request, environment_.block(), mono_now() + time + kProgramTime,
      [this](const Value& said) { log_.say(Severity::Warning, said.get_string("say")); },
      [this, web, who](const std::optional<std::string>& problem) {
        if (problem) log_.say(Severity::Warning, who + *problem);
        lines_[web].under_way = false;
        start(web);
      });
}

}  // namespace bootsman
