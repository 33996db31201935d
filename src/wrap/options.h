#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace bootsman {

/// What each signal becomes before it is forwarded: itself at first.
class SignalMap {
 public:
  SignalMap();

  /// From now on `from` becomes `to`; 0 drops it.
  void rewrite(Signal from, Signal to);
  /// The same, unless something was said about `from` before.
  void rewrite_unless_set(Signal from, Signal to);

  /// What to send on for a signal that came with this si_code (sigaction(2)), or nothing. KILL,
  /// STOP and CHLD, and the two that the C libraries keep for themselves (32, 33), are never
  /// forwarded; a fault's signal (SEGV, BUS, FPE, ILL, TRAP, ABRT, SYS) only when a process sent
  /// it.
  std::optional<Signal> forwarded(Signal received, int si_code) const;

 private:
  std::array<std::uint8_t, 65> becomes_{};
  std::bitset<65> set_;
};

/// Whether `wrap` can receive and forward that signal at all.
bool can_be_forwarded(Signal signal);

/// Reads "SIGTERM:SIGQUIT", "15:3" or "TERM:0" into `map`. Otherwise why that can't be done.
std::optional<Error> read_rewrite(std::string_view text, SignalMap& map);

/// Reads an exit code, 0..255.
Result<int> parse_exit_code(std::string_view text);

/// Where the command runs.
enum class Placement : std::uint8_t {
  Automatic,  ///< As PID 1 with the terminal for itself, or without one: Session; else Group.
  Group,      ///< A process group of its own in our session.
  Session,    ///< A session of its own, which takes the terminal along.
  Shared,     ///< Our own process group.
};

/// The exit code for a command that can't be executed.
enum class FailureCodes : std::uint8_t {
  Shell,     ///< 127 not found, 126 found but not executable.
  Tini,      ///< As Shell for ENOENT and EACCES, else 1.
  DumbInit,  ///< Always 2.
};

struct WrapOptions {
  std::string_view name = "bootsman wrap";  ///< In front of every message.
  SignalMap signals;
  bool single_child = false;  ///< Signals go to the command alone, not to its group.
  Placement placement = Placement::Automatic;
  FailureCodes exec_failure = FailureCodes::Shell;
  bool subreaper = false;
  bool warn_not_reaper = false;  ///< Say when orphans will not come to us.
  bool warn_on_reap = false;     ///< Say when an orphan was reaped.
  Signal parent_death;           ///< What we get when our parent dies; 0: nothing.
  std::bitset<256> remap_exit;   ///< Exit codes that become 0.
  int verbosity = 0;             ///< 1: what happens; 2: every signal.
  /// dumb-init's way with the terminal: after TSTP, TTIN or TTOU was forwarded we stop as well.
  /// Else we stop when the command has stopped.
  bool stop_after_forwarding = false;
  bool end_group = false;  ///< SIGTERM to what is left of the group when the command has ended.
  bool leave_directory = false;  ///< Change to / once the command is started.
};

}  // namespace bootsman
