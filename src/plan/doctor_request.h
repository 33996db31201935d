#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/value.h"
#include "plan/plan.h"

namespace bootsman {

// What of a plan the findings of a running container depend on, for `helper doctor`.

/// `path_of` says each unit's PATH.
Value doctor_request(const Plan& plan, const std::function<std::string(const Launch&)>& path_of);

struct DoctorQuestion {
  Plan plan;                       ///< Only what doctor_request() tells.
  std::vector<std::string> paths;  ///< By unit.
};
DoctorQuestion read_doctor_request(const Value& request);

}  // namespace bootsman
