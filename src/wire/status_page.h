#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/cgroup_usage.h"
#include "core/state.h"
#include "wire/event_log.h"
#include "wire/http.h"
#include "wire/mount_numbers.h"

namespace bootsman {

/// What the page for people is made from: a snapshot, gathered only while somebody looks.
struct PageView {
  const Plan& plan;
  const State& state;
  const EventLog& events;
  CgroupUsage usage;
  MonoTime now{};
  std::int64_t wall_us = 0;  ///< The time of day at `now`, since 1970 in UTC.
  const MountNumbersByUnit* mounts = nullptr;
  bool logs = false;  ///< There is `/-/logs`, for who has the token.
};

/// The page: units with their states and why, mounts, the boot as a timeline, memory and CPU, the last
/// events. One document without anything from elsewhere, in the language that Accept-Language asks
/// for (zh, else en); whole without JavaScript, live with it. Its Content-Security-Policy lets in
/// what bears `nonce` only, which must be another for each answer. Free of environment, secrets and
/// output of units.
Response status_page(const Request& request, const PageView& view, std::string_view nonce);

/// One server-sent event "status": all that the page shows, as JSON.
std::string status_event(const PageView& view);
/// One server-sent event "usage": memory and CPU only.
std::string usage_event(const PageView& view);

}  // namespace bootsman
