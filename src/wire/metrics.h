#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cgroup_usage.h"
#include "core/messages.h"
#include "core/state.h"
#include "logs/counts.h"
#include "plan/gateway_plan.h"
#include "wire/gateway_numbers.h"
#include "wire/http.h"
#include "wire/mount_numbers.h"

namespace bootsman {

/// How one check of one unit went since the init's start.
struct CheckCounts {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  Micros last{0};   ///< How long the latest probe took.
  Micros total{0};  ///< How long all took.
};

/// By the unit's id. Units whose checks never ran have no entry.
using CheckCountsByUnit = std::map<std::pair<std::string, CheckKind>, CheckCounts>;

/// What the init itself uses; from /proc/self.
struct OwnUsage {
  Micros cpu{0};
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
};

/// What the metrics are made from: a snapshot, gathered only when somebody asks.
struct MetricsView {
  const Plan& plan;
  const State& state;
  const CheckCountsByUnit& checks;
  std::vector<LogCounts> logs;  ///< By UnitIndex.
  LogCounts own_log;
  CgroupUsage cgroup;
  OwnUsage own;
  std::optional<std::uint64_t> oom_kills;  ///< Since the init's start; nothing: not known.
  std::uint64_t orphans = 0;               ///< Reaped, of processes that no unit owns.
  std::uint64_t http_requests = 0;         ///< Answered on the TCP ports.
  std::uint64_t http_refused = 0;          ///< Connections refused or displaced.
  MonoTime now{};
  std::int64_t wall_us = 0;  ///< The time of day at `now`, since 1970 in UTC.
  const MountNumbersByUnit* mounts = nullptr;
  const GatewayPlan* gateway = nullptr;  ///< With `gateway_numbers`.
  const GatewayNumbers* gateway_numbers = nullptr;
};

/// All metrics in the Prometheus text format 0.0.4, or as OpenMetrics 1.0 where the request's
/// Accept asks for that (prometheus.io/docs/instrumenting/exposition_formats). Free of secrets, log
/// text and environment: names of units and numbers only.
Response metrics_response(const Request& request, const MetricsView& view);

}  // namespace bootsman
