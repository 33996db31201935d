#include "wire/api.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/json.h"
#include "base/text.h"
#include "wire/query.h"
#include "wire/status_view.h"

namespace bootsman {

namespace {

constexpr std::size_t kDetailLines = 10;
constexpr std::size_t kDetailBytes = 2048;

/// One request, its path taken apart.
struct Call {
  const ApiView& view;
  const Request& request;
  std::string_view query;
  std::string unit;  ///< What stands for "{unit}".
};

Response json(const Value& value) {
  Response response;
  response.body = to_json(value) + "\n";
  return response;
}

std::string_view health_text(Health health) {
  switch (health) {
    case Health::Healthy:
      return "healthy";
    case Health::Unhealthy:
      return "unhealthy";
    case Health::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::uint32_t writer_of(UnitIndex unit) {
  return unit.value + 1;
}

Value mount_value(const ApiView& view, UnitIndex index) {
  const MountPlan& plan = *view.plan[index].mount;
  const MountNumbers numbers = numbers_of(view.mounts, index);
  const UnitStatus status = unit_status(view.plan, view.state, index);
  Value mount;
  mount.set("type", to_text(plan.type));
  mount.set("target", plan.target);
  mount.set("source", plan.source);
  mount.set("up", is_up(status));
  mount.set("remounts", static_cast<std::int64_t>(numbers.remounts()));
  mount.set("probe_ms",
            numbers.probe ? Value(static_cast<std::int64_t>(numbers.probe->count())) : Value());
  mount.set("cache_bytes", static_cast<std::int64_t>(numbers.cache_bytes));
  return mount;
}

Value unit_value(const ApiView& view, UnitIndex index, std::size_t detail_lines) {
  const UnitStatus status = unit_status(view.plan, view.state, index);
  const auto since = std::max(view.now - status.since, Micros{0});
  Value unit;
  unit.set("id", status.id);
  unit.set("kind", to_text(status.kind));
  unit.set("name", view.plan[index].name);
  unit.set("state", to_text(status.state));
  unit.set("since_seconds", static_cast<double>(since.count() / 1000) / 1000.0);
  unit.set("why", status.why);
  unit.set("says", status.says);
  unit.set("pid", status.pid.value > 0 ? Value(status.pid.value) : Value());
  unit.set("restarts", static_cast<std::int64_t>(status.restarts));
  unit.set("health", view.plan[index].health ? health_text(status.health) : "none");
  Value::Array detail;
  if (detail_lines > 0) {
    for (std::string& line : view.ring.tail(writer_of(index), detail_lines, kDetailBytes)) {
      detail.emplace_back(std::move(line));
    }
  }
  unit.set("detail", std::move(detail));
  if (view.plan[index].mount) unit.set("mount", mount_value(view, index));
  return unit;
}

/// The last words of a unit in trouble belong to the overview, those of others do not.
bool in_trouble(UnitState state) {
  return state == UnitState::Backoff || state == UnitState::Failed;
}

/// Where the configuration came from, and whether what is on disk is another one by now.
Value config_value(const ApiView& view) {
  Value::Array sources;
  for (const std::string& source : view.plan.sources) sources.emplace_back(source);
  Value::Array changed;
  if (view.changed_files != nullptr)
    for (const std::string& path : *view.changed_files) changed.emplace_back(path);
  Value config;
  config.set("sources", std::move(sources));
  config.set("changed", std::move(changed));
  config.set("reloading", view.state.reload.has_value());
  return config;
}

/// What the units use when the client asks for it by usage=true, else nothing.
Result<std::vector<UnitUsage>> wanted_usage(const Call& call) {
  const auto parameters = parse_query(call.query, {"usage"});
  if (!parameters) return fail(parameters.error());
  bool wanted = false;
  for (const auto& [name, value] : *parameters) {
    if (value != "true" && value != "false") {
      return fail("cannot read usage=" + printable(value) + ": it is true or false");
    }
    wanted = value == "true";
  }
  return wanted && call.view.usage ? call.view.usage() : std::vector<UnitUsage>{};
}

void add_usage(Value& unit, const std::vector<UnitUsage>& usage, UnitIndex index) {
  if (index.value >= usage.size()) return;
  const UnitUsage& used = usage[index.value];
  if (used.processes == 0) return;
  unit.set("processes", static_cast<std::int64_t>(used.processes));
  unit.set("memory_bytes", static_cast<std::int64_t>(used.memory));
  unit.set("cpu_seconds", static_cast<double>(used.cpu.count()) / 1e6);
}

ApiAnswer list_units(const Call& call) {
  const auto usage = wanted_usage(call);
  if (!usage) return api_error(400, usage.error().message());
  Value::Array units;
  for (std::uint32_t i = 0; i < call.view.plan.units.size(); ++i) {
    const auto state = unit_state(call.view.state.units[i].phase);
    units.push_back(unit_value(call.view, UnitIndex{i}, in_trouble(state) ? 1 : 0));
    add_usage(units.back(), *usage, UnitIndex{i});
  }
  Value answer;
  answer.set("units", std::move(units));
  answer.set("config", config_value(call.view));
  return json(answer);
}

/// The unit of that id or unique bare name, or why there is none.
Result<UnitIndex> find_unit(const Plan& plan, const std::string& name) {
  if (const auto found = plan.find(name)) return *found;
  std::vector<std::string> same;
  std::vector<std::string> ids;
  for (const Unit& unit : plan.units) {
    ids.push_back(unit.id());
    ids.push_back(unit.name);
    if (unit.name == name) same.push_back(unit.id());
  }
  if (!same.empty()) {
    return fail("cannot tell which unit \"" + printable(name) + "\" is: " + join(same, " or "));
  }
  const std::vector<std::string_view> known(ids.begin(), ids.end());
  const auto near = nearest(name, known);
  return fail("cannot find a unit \"" + printable(name) + "\"" +
              (near ? ", did you mean \"" + std::string(*near) + "\"?"
                    : "; `bootsman status` shows all"));
}

ApiAnswer show_unit(const Call& call) {
  const auto usage = wanted_usage(call);
  if (!usage) return api_error(400, usage.error().message());
  const auto unit = find_unit(call.view.plan, call.unit);
  if (!unit) return api_error(404, unit.error().message());
  auto shown = unit_value(call.view, *unit, kDetailLines);
  add_usage(shown, *usage, *unit);
  return json(shown);
}

/// Reads one parameter of a question about logs; an empty text, or why it can't be taken.
std::string read_log_parameter(const Plan& plan, const std::string& name, const std::string& value,
                               LogQuery& query) {
  if (name == "unit") {
    if (value == "bootsman") {
      query.writers.push_back(0);
      return "";
    }
    const auto unit = find_unit(plan, value);
    if (!unit) return unit.error().message();
    query.writers.push_back(writer_of(*unit));
  } else if (name == "wait") {
    const auto wait = parse_duration(value);
    if (!wait) return wait.error().message();
    query.wait = std::min(*wait, kApiWaitMax);
  } else {
    const auto number = parse_number(value);
    if (!number) return "cannot read " + name + "=" + printable(value) + ": it is no number";
    if (name == "after") {
      query.after = *number;
    } else if (name == "since_us") {
      constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
      query.since_us = static_cast<std::int64_t>(std::min(*number, kMost));
    } else {
      query.lines = std::min<std::uint64_t>(*number, kLogLinesMax);
    }
  }
  return "";
}

ApiAnswer show_logs(const Call& call) {
  const auto parameters = parse_query(call.query, {"unit", "n", "after", "wait", "since_us"});
  if (!parameters) return api_error(400, parameters.error().message());
  LogQuery query;
  for (const auto& [name, value] : *parameters) {
    const auto wrong = read_log_parameter(call.view.plan, name, value, query);
    if (!wrong.empty()) return api_error(name == "unit" ? 404 : 400, wrong);
  }
  std::ranges::sort(query.writers);
  // clang with an older standard library cannot take std::ranges::unique.
  query.writers.erase(std::unique(query.writers.begin(), query.writers.end()), query.writers.end());
  if (query.wait.count() > 0 && query.lines > 0 && !has_lines(query, call.view)) {
    // From here on: what comes next is what is waited for.
    if (!query.after) query.after = call.view.ring.last_sequence();
    return WaitForLogs{std::move(query)};
  }
  return log_response(query, call.view);
}

/// Reads one parameter of a question about events; an empty text, or why it can't be taken.
std::string read_event_parameter(const Plan& plan, const std::string& name,
                                 const std::string& value, EventQuery& query) {
  if (name == "unit") {
    const auto unit = find_unit(plan, value);
    if (!unit) return unit.error().message();
    query.units.push_back(plan[*unit].id());
  } else if (name == "follow") {
    if (value != "true" && value != "false") {
      return "cannot read follow=" + printable(value) + ": it is true or false";
    }
    query.follow = value == "true";
  } else {
    const auto number = parse_number(value);
    if (!number) return "cannot read " + name + "=" + printable(value) + ": it is no number";
    if (name == "after") {
      query.after = *number;
    } else {
      query.count = std::min<std::uint64_t>(*number, EventLog::kKept);
    }
  }
  return "";
}

ApiAnswer show_events(const Call& call) {
  const auto parameters = parse_query(call.query, {"unit", "n", "after", "follow"});
  if (!parameters) return api_error(400, parameters.error().message());
  EventQuery query;
  // A browser that connects again says so where it was.
  if (const auto* last = call.request.header("last-event-id")) query.after = parse_number(*last);
  for (const auto& [name, value] : *parameters) {
    const auto wrong = read_event_parameter(call.view.plan, name, value, query);
    if (!wrong.empty()) return api_error(name == "unit" ? 404 : 400, wrong);
  }
  if (query.follow && call.request.method != "HEAD") return WatchEvents{std::move(query)};
  return event_response(query, call.view.events);
}

/// Reads `timeout`, the parameter of all commands; an empty text, or why it can't be taken.
std::string read_timeout(const std::string& value, Millis& timeout) {
  const auto read = parse_duration(value);
  if (!read) return read.error().message();
  timeout = std::min(*read, kApiWaitMax);
  return "";
}

template <class What>
ApiAnswer change_unit(const Call& call, std::string_view verb) {
  const auto parameters = parse_query(call.query, {"timeout"});
  if (!parameters) return api_error(400, parameters.error().message());
  const auto unit = find_unit(call.view.plan, call.unit);
  if (!unit) return api_error(404, unit.error().message());
  ApiCommand command{What{*unit}, std::string(verb) + " " + call.view.plan[*unit].id()};
  for (const auto& [name, value] : *parameters) {
    if (const auto wrong = read_timeout(value, command.timeout); !wrong.empty()) {
      return api_error(400, wrong);
    }
  }
  return command;
}

ApiAnswer start_unit(const Call& call) {
  return change_unit<StartUnit>(call, "start");
}
ApiAnswer stop_unit(const Call& call) {
  return change_unit<StopUnit>(call, "stop");
}
ApiAnswer restart_unit(const Call& call) {
  return change_unit<RestartUnit>(call, "restart");
}

ApiAnswer signal_unit(const Call& call) {
  const auto parameters = parse_query(call.query, {"signal"});
  if (!parameters) return api_error(400, parameters.error().message());
  const auto unit = find_unit(call.view.plan, call.unit);
  if (!unit) return api_error(404, unit.error().message());
  if (parameters->size() != 1) {
    return api_error(400, "cannot signal without a signal: one parameter, such as signal=HUP");
  }
  const auto signal = parse_signal(parameters->front().second);
  if (!signal) return api_error(400, signal.error().message());
  return ApiCommand{SignalUnit{*unit, *signal},
                    "signal " + call.view.plan[*unit].id() + " " + signal_name(*signal)};
}

ApiAnswer reload(const Call& call) {
  const auto parameters = parse_query(call.query, {"timeout"});
  if (!parameters) return api_error(400, parameters.error().message());
  ApiReload asked;
  for (const auto& [name, value] : *parameters) {
    if (const auto wrong = read_timeout(value, asked.timeout); !wrong.empty()) {
      return api_error(400, wrong);
    }
  }
  return asked;
}

ApiAnswer shut_down(const Call& call) {
  const auto parameters = parse_query(call.query, {"exit_code"});
  if (!parameters) return api_error(400, parameters.error().message());
  StopInit stop;
  for (const auto& [name, value] : *parameters) {
    const auto code = parse_number(value);
    if (!code || *code > 255) {
      return api_error(400, "cannot use the exit code " + printable(value) + ": 0 to 255");
    }
    stop.exit_code = static_cast<int>(*code);
  }
  return ApiCommand{
      stop,
      "shutdown" + (stop.exit_code ? " with exit code " + std::to_string(*stop.exit_code) : "")};
}

ApiAnswer rotate_logs(const Call& call) {
  if (auto query = parse_query(call.query, {}); !query) {
    return api_error(400, query.error().message());
  }
  return RotateLogs{};
}

ApiAnswer show_boot(const Call& call) {
  if (auto query = parse_query(call.query, {}); !query) {
    return api_error(400, query.error().message());
  }
  return json(boot_value(call.view.plan, call.view.events, call.view.wall_us));
}

ApiAnswer run_in_unit(const Call& call) {
  const auto unit = find_unit(call.view.plan, call.unit);
  if (!unit) return api_error(404, unit.error().message());
  return open_session(call.request, call.view.plan, *unit);
}

ApiAnswer attach_to_unit(const Call& call) {
  const auto unit = find_unit(call.view.plan, call.unit);
  if (!unit) return api_error(404, unit.error().message());
  return attach_terminal(call.request, call.view.plan, *unit);
}

ApiAnswer run_beside(const Call& call) {
  return open_session(call.request, call.view.plan, std::nullopt);
}

struct Handler {
  ApiRoute route;
  ApiAnswer (*answer)(const Call& call);
};

constexpr std::array kHandlers{
    Handler{{"GET", "/v1/units"}, list_units},
    Handler{{"GET", "/v1/units/{unit}"}, show_unit},
    Handler{{"POST", "/v1/units/{unit}/start"}, start_unit},
    Handler{{"POST", "/v1/units/{unit}/stop"}, stop_unit},
    Handler{{"POST", "/v1/units/{unit}/restart"}, restart_unit},
    Handler{{"POST", "/v1/units/{unit}/signal"}, signal_unit},
    Handler{{"POST", "/v1/units/{unit}/exec"}, run_in_unit},
    Handler{{"POST", "/v1/units/{unit}/attach"}, attach_to_unit},
    Handler{{"POST", "/v1/exec"}, run_beside},
    Handler{{"GET", "/v1/logs"}, show_logs},
    Handler{{"GET", "/v1/events"}, show_events},
    Handler{{"GET", "/v1/boot"}, show_boot},
    Handler{{"POST", "/v1/logs/rotate"}, rotate_logs},
    Handler{{"POST", "/v1/reload"}, reload},
    Handler{{"POST", "/v1/shutdown"}, shut_down},
};

constexpr auto kRoutes = [] {
  std::array<ApiRoute, kHandlers.size()> routes;
  std::ranges::transform(kHandlers, routes.begin(), &Handler::route);
  return routes;
}();

/// Whether the path is of that form; what stands for "{unit}" goes into `unit`, not decoded.
bool matches(std::string_view form, std::string_view path, std::string_view& unit) {
  const auto forms = split(form, '/');
  const auto parts = split(path, '/');
  if (forms.size() != parts.size()) return false;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    if (forms[i] == "{unit}") {
      unit = parts[i];
      if (unit.empty()) return false;
    } else if (forms[i] != parts[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

Response event_response(const EventQuery& query, const EventLog& events) {
  Value::Array found;
  events.each(query.begin(events), [&](const EventRecord& event) {
    if (query.wants(event)) found.push_back(event_value(event));
  });
  Value answer;
  answer.set("events", std::move(found));
  answer.set("next", static_cast<std::int64_t>(events.last_sequence()));
  return json(answer);
}

Response command_response(const Reply& reply) {
  if (!reply.ok) return api_error(409, "cannot do that: " + reply.text);
  Value body;
  body.set("text", reply.text);
  return json(body);
}

Response rotated_response(std::size_t files) {
  Value body;
  body.set("text", files == 0   ? "no unit has written to a log file"
                   : files == 1 ? "1 log file is put aside"
                                : std::to_string(files) + " log files are put aside");
  return json(body);
}

Response command_overdue(const ApiCommand& command) {
  return api_error(504, "cannot say yet what becomes of \"" + command.text +
                            "\": it is not done after " + format_duration(command.timeout) +
                            ", and goes on");
}

Response reload_overdue(Millis timeout) {
  return api_error(504, "cannot say yet what becomes of the reload: it is not over after " +
                            format_duration(timeout) + ", and goes on");
}

Response reload_refused(const std::string& why, const std::vector<std::string>& errors) {
  Value body;
  body.set("error", "cannot reload: " + why);
  Value::Array details;
  for (const std::string& error : errors) details.emplace_back(error);
  body.set("details", std::move(details));
  Response response = json(body);
  response.status = 409;
  return response;
}

Response api_error(int status, std::string_view why) {
  Value body;
  body.set("error", why);
  Response response = json(body);
  response.status = status;
  return response;
}

std::span<const ApiRoute> api_routes() {
  return kRoutes;
}

ApiAnswer answer_api(const Request& request, const ApiView& view) {
  std::string allowed;
  for (const Handler& handler : kHandlers) {
    std::string_view unit;
    if (!matches(handler.route.path, request.path, unit)) continue;
    const bool asked = handler.route.method == request.method ||
                       (handler.route.method == "GET" && request.method == "HEAD");
    if (!asked) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(handler.route.method);
      continue;
    }
    auto name = percent_decode(unit);
    if (!name) return api_error(400, "cannot read the path: a % is not followed by two digits");
    return handler.answer({view, request, request.query, std::move(*name)});
  }
  if (allowed.empty()) {
    return api_error(404, "cannot find " + printable(request.path) + "; try /v1/units");
  }
  auto refused = api_error(405, "cannot " + printable(request.method) + " here: only " + allowed);
  refused.headers.push_back({"Allow", allowed});
  return refused;
}

}  // namespace bootsman
