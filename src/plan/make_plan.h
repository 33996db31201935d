#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/model.h"
#include "plan/gateway_plan.h"
#include "plan/plan.h"

namespace bootsman {

/// What a plan depends on beside the configuration.
struct PlanFacts {
  std::map<std::string, std::string, std::less<>> env;
  /// Texts of /etc/passwd and /etc/group: asked for only where a user or a group is named.
  std::function<std::string_view()> passwd;
  std::function<std::string_view()> group;
  std::uint32_t uid = 0;
  /// The command given after `run`, which becomes the job; empty when there is none.
  std::vector<std::string> command_line;
  /// Reads a file that the configuration names.
  std::function<Result<std::string>(const std::string& path)> read_file;
  /// False where the plan is only looked at: a file that is not there yet is a warning.
  bool must_resolve = true;
};

struct PlanResult {
  Plan plan;                ///< Only of use where diagnostics has no errors.
  WebPlan web;              ///< Likewise.
  Diagnostics diagnostics;  ///< Everything that is wrong, by place.
};

/// Settles what the configuration leaves open: defaults by kind, names of other units, users,
/// addresses, the order. A configuration in which a text could not be read gives no further errors.
PlanResult make_plan(const Config& config, const PlanFacts& facts);

}  // namespace bootsman
