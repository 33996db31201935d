#include "sys/own_fault.h"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <initializer_list>

namespace bootsman {
namespace {

constexpr int kExitInternal = 70;  // EX_SOFTWARE of sysexits.h

/// Not to a stderr that would block: the end must come.
void say(const char* text) noexcept {
  pollfd ready{2, POLLOUT, 0};
  if (::poll(&ready, 1, 0) == 1) (void)!::write(2, text, std::strlen(text));
}

const char* name_of(int signal) noexcept {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    default:
      return "SIGABRT";
  }
}

void on_fault(int signal, siginfo_t* info, void*) {
  const bool sent =
      info->si_code <= 0 && !(info->si_code == SI_TKILL && info->si_pid == ::getpid());
  if (!sent) end_by_fault(name_of(signal));
}

}  // namespace

void say_own_faults() noexcept {
  // A fault may be that the stack is used up.
  static char own[16 * 1024];
  stack_t stack{};
  stack.ss_sp = own;
  stack.ss_size = sizeof own;
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    ::sigaction(fault, &action, nullptr);
}

void end_by_fault(const char* what) noexcept {
  char text[160] = "bootsman: internal fault: ";
  std::strncat(text, what, 60);
  std::strcat(text, "; this process ends here, please report it\n");
  say(text);
  ::_exit(kExitInternal);
}

}  // namespace bootsman
