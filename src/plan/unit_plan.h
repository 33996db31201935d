#pragma once

#include "config/model.h"
#include "plan/make_plan.h"
#include "plan/plan.h"

namespace bootsman {

/// One unit as the plan has it, but for its place in the order (`after`, `requires_`).
Unit plan_unit(const UnitConfig& config, const Config& whole, const PlanFacts& facts,
               Diagnostics& diagnostics);

/// The word of an enumeration's key as its value; `words` in the order of the enumerators.
template <class Enum>
void read_word(const Settings& settings, std::string_view path,
               std::initializer_list<std::string_view> words, Enum& target) {
  const auto* word = settings.get<std::string>(path);
  if (word == nullptr) return;
  int value = 0;
  for (const std::string_view one : words) {
    if (*word == one) target = static_cast<Enum>(value);
    ++value;
  }
}

}  // namespace bootsman
