#include "wire/metrics.h"

#include <array>
#include <chrono>

#include "base/version.h"
#include "core/status.h"
#include "wire/metrics_text.h"

namespace bootsman {
namespace {

double seconds(Micros time) {
  return std::chrono::duration<double>(time).count();
}

/// The time of day of a moment of the monotonic clock, in seconds since 1970.
double day_time(const MetricsView& view, MonoTime when) {
  return static_cast<double>(view.wall_us) / 1e6 - seconds(view.now - when);
}

std::uint64_t flag(bool value) {
  return value ? 1 : 0;
}

constexpr std::array kStates{
    UnitState::Idle,  UnitState::Waiting,  UnitState::Starting, UnitState::Running,
    UnitState::Ready, UnitState::Stopping, UnitState::Stopped,  UnitState::Backoff,
    UnitState::Done,  UnitState::Failed,   UnitState::Blocked,  UnitState::Skipped,
};

void write_init(MetricsText& text, const MetricsView& view) {
  text.family({"bootsman_build_info", "gauge", "", "The version of the init; always 1."});
  text.sample({{"version", kVersion}}, std::uint64_t{1});
  text.single({"bootsman_healthy", "gauge", "", "Whether /health answers 200."},
              flag(health_verdict(view.plan, view.state).ok));
  text.single({"bootsman_ready", "gauge", "", "Whether /health/ready answers 200."},
              flag(ready_verdict(view.plan, view.state).ok));
  text.single({"bootsman_stopping", "gauge", "", "Whether the container is being stopped."},
              flag(view.state.shutdown.has_value()));
  if (view.state.booted_at)
    text.single({"bootsman_start_time_seconds", "gauge", "seconds",
                 "When the init began to boot, since 1970."},
                day_time(view, *view.state.booted_at));
  text.single({"bootsman_orphans_reaped", "counter", "",
               "Ended processes without a parent or a unit that were reaped."},
              view.orphans);
  if (view.oom_kills)
    text.single({"bootsman_oom_kills", "counter", "",
                 "Processes that the kernel killed for lack of memory since the init's start."},
                *view.oom_kills);
  text.single({"bootsman_http_requests", "counter", "", "Requests answered on the TCP ports."},
              view.http_requests);
  text.single({"bootsman_http_connections_refused", "counter", "",
               "Connections to the TCP ports that were refused, or ended to make room."},
              view.http_refused);
  text.single({"process_cpu_seconds", "counter", "seconds", "CPU time of the init itself."},
              seconds(view.own.cpu));
  text.single({"process_resident_memory_bytes", "gauge", "bytes", "Memory of the init itself."},
              view.own.resident_bytes);
  text.single({"process_open_fds", "gauge", "", "Open file descriptors of the init itself."},
              view.own.open_fds);
}

void write_unit_states(MetricsText& text, const MetricsView& view,
                       const std::vector<UnitStatus>& units) {
  text.family({"bootsman_unit_state", "gauge", "", "1 for the state that the unit is in."});
  for (const UnitStatus& unit : units)
    for (const UnitState state : kStates)
      text.sample({{"unit", unit.id}, {"state", to_text(state)}}, flag(unit.state == state));
  text.family({"bootsman_unit_state_since_seconds", "gauge", "seconds",
               "When that state began, since 1970."});
  for (const UnitStatus& unit : units) text.sample({{"unit", unit.id}}, day_time(view, unit.since));
  text.family({"bootsman_unit_healthy", "gauge", "",
               "Whether the unit's health check passes; absent while that is not known."});
  for (const UnitStatus& unit : units)
    if (unit.health != Health::Unknown)
      text.sample({{"unit", unit.id}}, flag(unit.health == Health::Healthy));
}

void write_unit_runs(MetricsText& text, const std::vector<UnitStatus>& units) {
  text.family({"bootsman_unit_restarts", "counter", "", "Runs of the unit after its first."});
  for (const UnitStatus& unit : units)
    text.sample({{"unit", unit.id}}, std::uint64_t{unit.restarts});
  text.family({"bootsman_unit_last_run_cpu_seconds", "gauge", "seconds",
               "CPU time of the unit's latest run that is over."});
  for (const UnitStatus& unit : units)
    if (!unit.last_exit.empty()) text.sample({{"unit", unit.id}}, seconds(unit.last_cpu));
  text.family({"bootsman_unit_last_run_peak_bytes", "gauge", "bytes",
               "Peak memory of the largest process of the unit's latest run that is over."});
  for (const UnitStatus& unit : units)
    if (!unit.last_exit.empty()) text.sample({{"unit", unit.id}}, unit.last_max_rss);
}

void write_checks(MetricsText& text, const MetricsView& view) {
  const auto kind = [](CheckKind which) -> std::string_view {
    return which == CheckKind::Ready ? "ready" : "health";
  };
  text.family({"bootsman_unit_checks", "counter", "", "Probes of the unit, by their result."});
  for (const auto& [key, counts] : view.checks) {
    const auto& [unit, check] = key;
    text.sample({{"unit", unit}, {"check", kind(check)}, {"result", "passed"}}, counts.passed);
    text.sample({{"unit", unit}, {"check", kind(check)}, {"result", "failed"}}, counts.failed);
  }
  text.family({"bootsman_unit_check_seconds", "counter", "seconds",
               "How long all probes of the unit together took."});
  for (const auto& [key, counts] : view.checks)
    text.sample({{"unit", key.first}, {"check", kind(key.second)}}, seconds(counts.total));
  text.family({"bootsman_unit_check_last_seconds", "gauge", "seconds",
               "How long the latest probe of the unit took."});
  for (const auto& [key, counts] : view.checks)
    text.sample({{"unit", key.first}, {"check", kind(key.second)}}, seconds(counts.last));
}

void write_logs(MetricsText& text, const MetricsView& view) {
  const auto each = [&](const MetricFamily& family, std::uint64_t LogCounts::*field) {
    text.family(family);
    text.sample({{"unit", "bootsman"}}, view.own_log.*field);
    for (std::size_t i = 0; i < view.logs.size(); ++i)
      text.sample({{"unit", view.plan.units[i].id()}}, view.logs[i].*field);
  };
  each({"bootsman_log_lines", "counter", "", "Lines of output that were taken."},
       &LogCounts::lines);
  each({"bootsman_log_bytes", "counter", "bytes", "Bytes of these lines."}, &LogCounts::bytes);
  each({"bootsman_log_dropped_lines", "counter", "",
        "Lines of these that were dropped, since nobody read the container's output."},
       &LogCounts::dropped_lines);
  each({"bootsman_log_dropped_bytes", "counter", "bytes", "Bytes of the dropped lines."},
       &LogCounts::dropped_bytes);
}

void write_mounts(MetricsText& text, const MetricsView& view,
                  const std::vector<UnitStatus>& units) {
  std::vector<UnitIndex> mounts;
  for (std::uint32_t i = 0; i < units.size(); ++i)
    if (view.plan.units[i].mount && units[i].state != UnitState::Skipped)
      mounts.push_back(UnitIndex{i});
  if (mounts.empty()) return;
  const auto each = [&](const MetricFamily& family, auto&& value) {
    text.family(family);
    for (const UnitIndex index : mounts)
      if (const auto number = value(numbers_of(view.mounts, index)))
        text.sample({{"unit", units[index.value].id}}, *number);
  };
  using Count = std::optional<std::uint64_t>;
  text.family({"bootsman_mount_up", "gauge", "", "Whether the mount is there and answers."});
  for (const UnitIndex index : mounts) {
    const MountPlan& plan = *view.plan[index].mount;
    text.sample({{"unit", units[index.value].id},
                 {"type", to_text(plan.type)},
                 {"target", plan.target}},
                flag(is_up(units[index.value])));
  }
  each({"bootsman_mount_remounts", "counter", "", "How often the mount came back."},
       [](const MountNumbers& numbers) { return Count(numbers.remounts()); });
  each({"bootsman_mount_probe_seconds", "gauge", "seconds",
        "How long the latest answered probe of the mount took."},
       [](const MountNumbers& numbers) {
         return numbers.probe ? std::optional(seconds(*numbers.probe)) : std::nullopt;
       });
  each({"bootsman_mount_cache_bytes", "gauge", "bytes", "What the mount's cache folder holds."},
       [](const MountNumbers& numbers) { return Count(numbers.cache_bytes); });
}

void write_gateway(MetricsText& text, const MetricsView& view) {
  if (view.gateway == nullptr || view.gateway_numbers == nullptr || view.gateway->routes.empty())
    return;
  constexpr std::array<std::string_view, 6> kCodes{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  const auto& routes = view.gateway->routes;
  const auto& numbers = view.gateway_numbers->routes;
  text.family({"bootsman_gateway_requests", "counter", "",
               "Requests that were passed on, by route and by what the client got."});
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::size_t code = 0; code < kCodes.size(); ++code)
      text.sample({{"route", routes[i].prefix}, {"code", kCodes[code]}}, numbers[i].answers[code]);
  text.family({"bootsman_gateway_sent_bytes", "counter", "bytes",
               "Bytes of answers that were passed to clients."});
  for (std::size_t i = 0; i < numbers.size(); ++i)
    text.sample({{"route", routes[i].prefix}}, numbers[i].sent_bytes);
  text.family({"bootsman_gateway_request_seconds", "counter", "seconds",
               "How long all passed requests but upgrades together took."});
  for (std::size_t i = 0; i < numbers.size(); ++i)
    text.sample({{"route", routes[i].prefix}}, seconds(numbers[i].took));
  text.single({"bootsman_gateway_under_way", "gauge", "",
               "Requests and upgraded connections that are being passed on now."},
              view.gateway_numbers->under_way);
}

void write_cgroup(MetricsText& text, const CgroupUsage& usage) {
  if (usage.memory_bytes)
    text.single({"bootsman_cgroup_memory_bytes", "gauge", "bytes",
                 "Memory accounted to the container, page cache included."},
                *usage.memory_bytes);
  if (usage.memory_limit_bytes)
    text.single({"bootsman_cgroup_memory_limit_bytes", "gauge", "bytes",
                 "The container's memory limit; absent where there is none."},
                *usage.memory_limit_bytes);
  if (usage.cpu)
    text.single({"bootsman_cgroup_cpu_seconds", "counter", "seconds",
                 "CPU time accounted to the container."},
                seconds(*usage.cpu));
  if (const auto& throttling = usage.throttling) {
    text.single({"bootsman_cgroup_cpu_periods", "counter", "",
                 "Periods of the CPU quota in which the container had work."},
                throttling->periods);
    text.single({"bootsman_cgroup_cpu_throttled_periods", "counter", "",
                 "Periods in which the container used its CPU quota up."},
                throttling->throttled_periods);
    text.single({"bootsman_cgroup_cpu_throttled_seconds", "counter", "seconds",
                 "How long the container waited for the next period."},
                seconds(throttling->throttled));
  }
  if (usage.pressure.empty()) return;
  text.family({"bootsman_cgroup_pressure_seconds", "counter", "seconds",
               "How long some or all processes stalled for lack of the resource."});
  for (const Pressure& pressure : usage.pressure) {
    text.sample({{"resource", pressure.resource}, {"stalled", "some"}}, seconds(pressure.some));
    text.sample({{"resource", pressure.resource}, {"stalled", "full"}}, seconds(pressure.full));
  }
}

}  // namespace

Response metrics_response(const Request& request, const MetricsView& view) {
  const std::string* accept = request.header("accept");
  const MetricsFormat format = metrics_format(accept == nullptr ? "" : *accept);
  std::vector<UnitStatus> units;
  for (std::uint32_t i = 0; i < view.plan.units.size(); ++i)
    units.push_back(unit_status(view.plan, view.state, UnitIndex{i}));

  MetricsText text(format);
  write_init(text, view);
  write_unit_states(text, view, units);
  write_unit_runs(text, units);
  write_checks(text, view);
  write_logs(text, view);
  write_mounts(text, view, units);
  write_gateway(text, view);
  write_cgroup(text, view.cgroup);

  Response response;
  response.content_type = MetricsText::content_type(format);
  response.headers.push_back({"Cache-Control", "no-store"});
  response.headers.push_back({"Vary", "Accept"});
  response.body = text.finish();
  return response;
}

}  // namespace bootsman
