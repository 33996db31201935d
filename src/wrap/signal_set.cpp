#include "wrap/signal_set.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace bootsman {

SignalBits set_signal_mask(SignalBits mask) {
  SignalBits before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof mask);
  return before;
}

bool wait_for_signal(SignalBits set, siginfo_t& info) {
  return ::syscall(SYS_rt_sigtimedwait, &set, &info, nullptr, sizeof set) > 0;
}

bool take_pending_signal(SignalBits set, siginfo_t& info) {
  const timespec now{};
  return ::syscall(SYS_rt_sigtimedwait, &set, &info, &now, sizeof set) > 0;
}

}  // namespace bootsman
