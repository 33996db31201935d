#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace bootsman {

/// A process id of the init's own PID namespace; > 0 when it names a process.
struct Pid {
  int value = 0;
  auto operator<=>(const Pid&) const = default;
};

/// A signal by the kernel's number (1..64). Real-time signals count from the kernel's 32,
/// never from the C library's SIGRTMIN, which differs between glibc (34) and musl (35).
struct Signal {
  int value = 0;
  auto operator<=>(const Signal&) const = default;
};

/// Counts the runs of all units, from 1; 0 is "no run". Every fact about a process carries the
/// RunId of its spawn, so that a late fact about an earlier run is told apart by one comparison.
struct RunId {
  std::uint64_t value = 0;
  auto operator<=>(const RunId&) const = default;
};

/// Position of a unit in Plan::units; never changes while a plan is in force.
struct UnitIndex {
  std::uint32_t value = 0;
  auto operator<=>(const UnitIndex&) const = default;
};

/// How a process ended, as waitpid(2) tells it.
struct ExitStatus {
  enum class Kind : std::uint8_t { Exited, Signaled };
  Kind kind = Kind::Exited;
  int value = 0;  ///< Exit code 0..255, or the signal's number.
  bool core_dumped = false;

  static ExitStatus exited(int code) { return {Kind::Exited, code, false}; }
  static ExitStatus signaled(int signal, bool core = false) {
    return {Kind::Signaled, signal, core};
  }
  bool success() const { return kind == Kind::Exited && value == 0; }
  /// What a shell would say: the code, or 128 + signal.
  int shell_code() const { return kind == Kind::Exited ? value : 128 + value; }
  bool operator==(const ExitStatus&) const = default;
};

/// The monotonic clock as a type without now(): only the shell may ask the time. Counts
/// microseconds of CLOCK_BOOTTIME, so that a suspended machine does not stretch deadlines.
struct MonoClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
using MonoTime = MonoClock::time_point;
using Micros = std::chrono::microseconds;
using Millis = std::chrono::milliseconds;

/// "exited 3", "killed by SIGKILL", "killed by SIGSEGV (core dumped)".
std::string describe(ExitStatus status);

}  // namespace bootsman
