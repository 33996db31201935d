#include "wrap/child.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>

#include "base/text.h"

namespace bootsman {

namespace {

void take_place(const ChildPlan& plan, const Terminal& terminal) {
  if (plan.placement == Placement::Session) {
    ::setsid();
    terminal.adopt();
  } else if (plan.placement == Placement::Group) {
    ::setpgid(0, 0);
    // Here, not in the parent: the command must not read from the terminal before it has it.
    if (plan.to_foreground) terminal.hand_to(::getpid());
  }
}

std::string reason(const char* command, int error) {
  const std::string_view name(command);
  if (error == ENOENT && name.find('/') == name.npos) return "it is not in PATH";
  // execve(2) says the same of a script whose interpreter is missing.
  if (error == ENOENT && ::access(command, F_OK) == 0)
    return "the interpreter that it names is not there";
  return errno_text(error);
}

[[noreturn]] void run(const ChildPlan& plan, const WrapOptions& options, const Terminal& terminal) {
  take_place(plan, terminal);
  // Our own death by SIGKILL can be passed on in no other way.
  if (options.parent_death.value == SIGKILL) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (plan.child_signal_ignored) ::signal(SIGCHLD, SIG_IGN);
  set_signal_mask(plan.signal_mask);
  ::execvp(plan.command[0], plan.command);
  const int error = errno;
  const auto text = std::string(options.name) + ": cannot run \"" + printable(plan.command[0]) +
                    "\": " + reason(plan.command[0], error) + "\n";
  const ssize_t written = ::write(2, text.data(), text.size());
  (void)written;  // Nobody is left to be told.
  ::_exit(exec_failure_code(options.exec_failure, error));
}

}  // namespace

int exec_failure_code(FailureCodes kind, int error) {
  if (kind == FailureCodes::DumbInit) return 2;
  if (error == ENOENT) return 127;
  if (kind == FailureCodes::Tini) return error == EACCES ? 126 : 1;
  return error == ENOTDIR ? 127 : 126;
}

pid_t start_child(const ChildPlan& plan, const WrapOptions& options, const Terminal& terminal) {
  const pid_t pid = ::fork();
  if (pid == 0) run(plan, options, terminal);
  // Done on both sides: whoever comes first, the group is there when a signal is forwarded to it.
  if (pid > 0 && plan.placement == Placement::Group) ::setpgid(pid, pid);
  return pid;
}

}  // namespace bootsman
