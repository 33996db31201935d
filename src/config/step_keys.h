#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/value.h"

namespace bootsman {

/// A built-in step by its type (steps/catalog.h has its function).
struct StepType {
  std::string_view type;          ///< "motd": the name of its table, `[step.motd]`.
  std::string_view default_when;  ///< "always", "once" or "changed".
  std::string_view doc;           ///< One line.
};

enum class StepKeyType : std::uint8_t { String, Bool, Integer, Strings, Pairs, Duration };

/// A setting of one built-in step, beside the keys that every step has.
struct StepKey {
  std::string_view step;
  std::string_view key;
  StepKeyType type;
  /// As TOML writes the value, except strings and durations, which stand bare.
  std::string_view default_text;
  std::string_view doc;
};

/// All built-in steps, in the order in which the preset applies them.
std::span<const StepType> step_types();
const StepType* find_step_type(std::string_view type);

/// THE table of their settings, by step in the order of step_types().
std::span<const StepKey> step_keys();

/// The settings with the defaults of all keys that they lack.
Value with_step_defaults(std::string_view type, const Value& settings);

}  // namespace bootsman
