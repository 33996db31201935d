#pragma once

#include <string_view>

#include "plan/plan.h"

namespace bootsman {

/// "always", "once" or "changed", as the configuration and the helper's requests say it.
constexpr std::string_view to_text(StepWhen when) {
  switch (when) {
    case StepWhen::Always:
      return "always";
    case StepWhen::Once:
      return "once";
    case StepWhen::Changed:
      return "changed";
  }
  return "";
}

}  // namespace bootsman
