#include "config/keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/step_keys.h"

namespace bootsman {
namespace {

KeyType key_type(StepKeyType type) {
  switch (type) {
    case StepKeyType::String:
      return KeyType::String;
    case StepKeyType::Bool:
      return KeyType::Boolean;
    case StepKeyType::Integer:
      return KeyType::Integer;
    case StepKeyType::Strings:
      return KeyType::Strings;
    case StepKeyType::Pairs:
      return KeyType::Pairs;
    case StepKeyType::Duration:
      return KeyType::Duration;
  }
  return KeyType::String;
}

}  // namespace

std::vector<std::string_view> builtin_steps() {
  std::vector<std::string_view> steps;
  for (const StepType& step : step_types()) steps.push_back(step.type);
  return steps;
}

bool is_builtin_step(std::string_view name) {
  return find_step_type(name) != nullptr;
}

std::vector<Key> step_setting_keys(std::string_view step) {
  std::vector<Key> keys;
  for (const StepKey& row : step_keys()) {
    if (row.step != step) continue;
    Key key;
    key.path = row.key;
    key.type = key_type(row.type);
    key.scopes = kBuiltinStep;
    key.fallback = row.default_text;
    key.bare_fallback = key.type == KeyType::String || key.type == KeyType::Duration;
    key.doc = row.doc;
    keys.push_back(key);
  }
  return keys;
}

std::string fallback_text(const Key& key) {
  if (!key.bare_fallback) return std::string(key.fallback);
  return "\"" + std::string(key.fallback) + "\"";
}

std::string_view type_name(KeyType type) {
  switch (type) {
    case KeyType::String:
      return "a string";
    case KeyType::Boolean:
      return "true or false";
    case KeyType::Integer:
      return "a whole number";
    case KeyType::Number:
      return "a number";
    case KeyType::Duration:
      return "a duration";
    case KeyType::Size:
      return "a size";
    case KeyType::Signal:
      return "a signal";
    case KeyType::Strings:
      return "a string or an array of strings";
    case KeyType::Command:
      return "an array of strings";
    case KeyType::Integers:
      return "an array of whole numbers";
    case KeyType::Pairs:
      return "a table of strings";
    case KeyType::Word:
      return "a word";
    case KeyType::Count:
      return "a whole number or \"unlimited\"";
    case KeyType::SizeLimit:
      return "a size or \"unlimited\"";
    case KeyType::FileMode:
      return "an octal string";
    case KeyType::Routes:
      return "a table of routes";
  }
  return "";
}

std::string scope_names(Scopes scopes) {
  std::vector<std::string_view> names;
  if ((scopes & kTop) != 0) return "the top level";
  if ((scopes & kRoute) != 0) return "routes of the gateway";
  if ((scopes & kService) != 0) names.push_back("services");
  if ((scopes & kMount) != 0) names.push_back("mounts");
  if ((scopes & kCommandStep) != 0 && (scopes & kBuiltinStep) != 0)
    names.push_back("steps");
  else if ((scopes & kCommandStep) != 0)
    names.push_back("steps with a command");
  else if ((scopes & kBuiltinStep) != 0)
    names.push_back("built-in steps");
  if ((scopes & kJob) != 0) names.push_back("the job");
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace bootsman
