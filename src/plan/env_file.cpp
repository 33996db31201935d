#include "plan/env_file.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace bootsman {
namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto part = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !text.empty() && letter(text.front()) && std::ranges::all_of(text, part);
}

std::string_view unquoted(std::string_view value) {
  const bool paired = value.size() >= 2 && value.front() == value.back() &&
                      (value.front() == '"' || value.front() == '\'');
  return paired ? value.substr(1, value.size() - 2) : value;
}

}  // namespace

Result<std::vector<EnvVar>> parse_env_file(std::string_view text) {
  std::vector<EnvVar> variables;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    const auto wrong = [&](std::string_view what) {
      return fail("line " + std::to_string(number) + ": " + std::string(what));
    };
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return wrong("has no =: write NAME=value");
    const std::string_view name = line.substr(0, equals);
    if (!is_name(name)) return wrong("\"" + printable(name, 60) + "\" is not a variable's name");
    if (line.find('\0') != std::string_view::npos) return wrong("has a NUL byte in it");
    variables.push_back({std::string(name), std::string(unquoted(line.substr(equals + 1)))});
  }
  return variables;
}

}  // namespace bootsman
