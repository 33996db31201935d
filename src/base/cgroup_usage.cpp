#include "base/cgroup_usage.h"

#include "base/text.h"

namespace bootsman {
namespace {

/// The number after "KEY " at the start of a line.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ')
      return parse_number(trim(line.substr(key.size() + 1)));
  }
  return std::nullopt;
}

Micros micros(std::uint64_t count) {
  return Micros(static_cast<Micros::rep>(count));
}

}  // namespace

std::optional<Throttling> parse_throttling(std::string_view text) {
  const auto periods = number_of(text, "nr_periods");
  const auto throttled = number_of(text, "nr_throttled");
  if (!periods || !throttled) return std::nullopt;
  Throttling found{*periods, *throttled, Micros{0}};
  if (const auto us = number_of(text, "throttled_usec")) {
    found.throttled = micros(*us);
  } else if (const auto ns = number_of(text, "throttled_time")) {
    found.throttled = micros(*ns / 1000);
  }
  return found;
}

std::optional<Micros> parse_cpu_usage(std::string_view text) {
  const auto us = number_of(text, "usage_usec");
  if (!us) return std::nullopt;
  return micros(*us);
}

std::optional<Pressure> parse_pressure(std::string_view resource, std::string_view text) {
  Pressure found{std::string(resource), Micros{0}, Micros{0}};
  bool any = false;
  for (const std::string_view line : split(text, '\n')) {
    const auto total = line.find("total=");
    if (total == std::string_view::npos) continue;
    const auto us = parse_number(trim(line.substr(total + 6)));
    if (!us) continue;
    if (line.starts_with("some ")) found.some = micros(*us);
    if (line.starts_with("full ")) found.full = micros(*us);
    any = true;
  }
  if (!any) return std::nullopt;
  return found;
}

}  // namespace bootsman
