#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bootsman {

/// A set of Linux capabilities, bit n for the kernel's number n (capabilities(7)).
using CapabilitySet = std::uint64_t;

inline constexpr CapabilitySet kAllCapabilities = ~CapabilitySet{0};

/// The number of "CAP_NET_ADMIN", "NET_ADMIN" or "net_admin".
Result<int> parse_capability(std::string_view text);

/// "CAP_NET_ADMIN"; "capability 63" where the number has no name.
std::string capability_name(int number);

}  // namespace bootsman
