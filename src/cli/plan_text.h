#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/value.h"
#include "helper/forecast.h"
#include "plan/plan.h"

namespace bootsman {

/// All that `bootsman plan` shows.
struct PlanView {
  const Plan& plan;
  BootForecast forecast;
  /// By unit: why it would be skipped; empty where it would run.
  std::vector<std::string> skipped;
  std::vector<std::string> secrets;  ///< Values that must not be shown.
};

/// For people: a line per unit, in start order, broken at spaces to that width (0: never). With
/// `diff` also what changes in files, and no line is broken.
std::string plan_text(const PlanView& view, bool diff, std::size_t width);

/// The same as data: {"units":[{"unit","kind","after","requires",…}…]}.
Value plan_json(const PlanView& view);

/// The graph for dot(1): who waits for whom; solid lines where a failure blocks.
std::string plan_dot(const PlanView& view);

}  // namespace bootsman
