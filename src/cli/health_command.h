#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "cli/args.h"

namespace bootsman {

/// Where the init is asked.
struct HealthTarget {
  std::string host;  ///< A numeric address, or "unix:/PATH", without a port.
  std::uint16_t port = 8080;
  std::string path = "/health";
  bool operator==(const HealthTarget&) const = default;
};

/// Reads "http://ADDRESS[:PORT][/PATH]"; ADDRESS in numbers or "localhost".
Result<HealthTarget> parse_health_url(const std::string& url);

/// The value of --config that an init was started with, out of its /proc/PID/cmdline; empty when
/// that names none, or is no init of ours.
std::string config_of_init(std::string_view cmdline);

/// `bootsman health`: prints the answer's body. Returns 0 for status 200, 1 for another answer or
/// none within `timeout`, 69 when nobody listens, 2 for a wrong $BOOTSMAN_HEALTH_URL.
int health_command(const Invocation& invocation, Millis timeout = Millis{2'000});

}  // namespace bootsman
