#pragma once

#include <csignal>
#include <cstdint>

namespace bootsman {

/// The kernel's set of signals 1..64, bit n - 1 for signal n. The C libraries' own sets leave out
/// the numbers that they use themselves, and do not agree on which.
using SignalBits = std::uint64_t;
inline constexpr SignalBits kAllSignals = ~SignalBits{0};

constexpr SignalBits signal_bit(int signal) {
  return SignalBits{1} << (signal - 1);
}

/// Makes `mask` the signals that are blocked and returns those that were. Cannot fail.
SignalBits set_signal_mask(SignalBits mask);

/// Takes a pending, blocked signal of the set, waiting for one to come. False: a caught or stopping
/// signal came in between, nothing was taken.
bool wait_for_signal(SignalBits set, siginfo_t& info);

/// The same without waiting. False: none is pending.
bool take_pending_signal(SignalBits set, siginfo_t& info);

}  // namespace bootsman
