#pragma once

namespace bootsman {

/// From here on a fault of this process (SIGSEGV and its like) or an abort(3) says one sentence on
/// stderr and ends it with 70. Such a signal that another process sends does nothing, as PID 1 of a
/// namespace is used to.
void say_own_faults() noexcept;

/// The same end, for an exception that nothing catches.
[[noreturn]] void end_by_fault(const char* what) noexcept;

}  // namespace bootsman
