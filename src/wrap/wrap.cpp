#include "wrap/wrap.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "wrap/child.h"
#include "wrap/signal_set.h"
#include "wrap/terminal.h"

namespace bootsman {

namespace {

constexpr int kNoProcess = 1;

bool is_terminal_stop(int signal) {
  return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

class Wrapper {
 public:
  Wrapper(const WrapOptions& options, char* const* command)
      : options_(options), command_(command) {}

  int run() {
    const pid_t parent = ::getppid();
    plan_.signal_mask = set_signal_mask(kAllSignals);
    // Where it is ignored the kernel reaps for us, and nobody learns the exit code.
    plan_.child_signal_ignored = ::signal(SIGCHLD, SIG_DFL) == SIG_IGN;
    if (!arrange_parent_death(parent) || !arrange_reaping()) return kNoProcess;
    if (!start()) return kNoProcess;
    while (!exit_code_) turn();
    terminal_.take_back_from(child_);
    if (options_.end_group && plan_.placement != Placement::Shared) ::kill(-child_, SIGTERM);
    const auto code = static_cast<std::size_t>(*exit_code_);
    return options_.remap_exit.test(code) ? 0 : *exit_code_;
  }

 private:
  void say(const std::string& text) const {
    const auto line = std::string(options_.name) + ": " + text + "\n";
    const ssize_t written = ::write(2, line.data(), line.size());
    (void)written;  // A closed stderr is no reason to end the command.
  }

  bool arrange_parent_death(pid_t parent) const {
    const int signal = options_.parent_death.value;
    if (signal == 0) return true;
    if (::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal)) != 0) {
      say(with_errno("cannot ask for a signal at the parent's death", errno));
      return false;
    }
    // It may have died just before; as PID 1 the parent lives in another namespace and is 0.
    if (::getppid() != parent) ::kill(::getpid(), signal);
    return true;
  }

  bool arrange_reaping() const {
    if (options_.subreaper && ::prctl(PR_SET_CHILD_SUBREAPER, 1UL) != 0) {
      say(with_errno("cannot become a subreaper", errno));
      return false;
    }
    int reaps = ::getpid() == 1 ? 1 : 0;
    if (reaps == 0) ::prctl(PR_GET_CHILD_SUBREAPER, &reaps);
    if (options_.warn_not_reaper && reaps == 0)
      say("is neither PID 1 nor a subreaper, so processes that outlive their parents are not "
          "reaped here: run it as PID 1, or ask for a subreaper");
    return true;
  }

  bool start() {
    terminal_ = Terminal::find();
    plan_.command = command_;
    plan_.placement = options_.placement;
    if (plan_.placement == Placement::Automatic) {
      const bool session =
          ::getpid() == 1 && (!terminal_.is_controlling() || terminal_.is_ours_alone());
      plan_.placement = session ? Placement::Session : Placement::Group;
    }
    if (plan_.placement == Placement::Session) terminal_.release();
    plan_.to_foreground = terminal_.is_foreground() && !in_pipeline();
    child_ = start_child(plan_, options_, terminal_);
    if (child_ < 0) {
      say(with_errno("cannot make a process", errno));
      return false;
    }
    if (options_.leave_directory && ::chdir("/") != 0 && options_.verbosity > 0)
      say(with_errno("cannot change to /", errno));
    if (options_.verbosity > 0)
      say("started \"" + printable(command_[0]) + "\", pid " + std::to_string(child_));
    return true;
  }

  /// The other programs of a pipeline are in our process group and may want the terminal too, so
  /// the command gets it only when it asks.
  static bool in_pipeline() { return ::isatty(0) == 0 || ::isatty(1) == 0; }

  void turn() {
    siginfo_t info{};
    if (!wait_for_signal(kAllSignals, info)) return;
    if (info.si_signo != SIGCHLD) {
      received(info);
      return;
    }
    reap();
  }

  void received(const siginfo_t& info) {
    const Signal signal{info.si_signo};
    const auto target = options_.signals.forwarded(signal, info.si_code);
    if (options_.verbosity > 1)
      say("received " + signal_name(signal) +
          (target ? ", forwarding " + signal_name(*target) : ", forwarding nothing"));
    if (signal.value == SIGCONT && !in_pipeline()) lend_terminal();
    if (target) send(*target);
    if (options_.stop_after_forwarding && is_terminal_stop(signal.value))
      ::kill(::getpid(), SIGSTOP);
  }

  void send(Signal signal) const {
    const bool to_group = !options_.single_child && plan_.placement != Placement::Shared;
    if (to_group && ::kill(-child_, signal.value) == 0) return;
    // Not yet the leader of its session: the signal waits until it is.
    if (!to_group || errno == ESRCH) ::kill(child_, signal.value);
  }

  void reap() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
      if (WIFSTOPPED(status)) {
        if (pid == child_) stopped(WSTOPSIG(status));
      } else if (pid == child_) {
        ended(status);
      } else if (options_.warn_on_reap) {
        say("reaped an orphan, pid " + std::to_string(pid));
      }
    }
  }

  void ended(int status) {
    const auto end = WIFSIGNALED(status) ? ExitStatus::signaled(WTERMSIG(status))
                                         : ExitStatus::exited(WEXITSTATUS(status));
    if (options_.verbosity > 0) say("the command " + describe(end));
    exit_code_ = end.shell_code();
  }

  /// The command has stopped: what a shell's user expects is that the job, which is us, stops.
  void stopped(int signal) {
    if (options_.stop_after_forwarding) return;
    const bool asks_for_terminal = signal == SIGTTIN || signal == SIGTTOU;
    if (asks_for_terminal && terminal_.is_foreground()) {
      resume(true);
      return;
    }
    const bool lend = asks_for_terminal || terminal_.has_in_foreground(child_) || !in_pipeline();
    // A stop by SIGSTOP is ours to follow only where it leaves the terminal's user with nothing.
    if (!is_terminal_stop(signal) && !terminal_.has_in_foreground(child_)) return;
    const bool did_stop = stop_along(is_terminal_stop(signal) ? signal : SIGTSTP);
    if (did_stop || signal == SIGTSTP) resume(lend);
  }

  /// Stops us as the signal does by default, until SIGCONT. False: the kernel did not do it, since
  /// nobody could continue us (PID 1, an orphaned process group).
  bool stop_along(int signal) const {
    siginfo_t info{};
    while (take_pending_signal(signal_bit(SIGCONT), info)) {
    }
    // As the terminal would have done: the rest of a pipeline stops too.
    const bool whole_group = terminal_.has_in_foreground(child_);
    terminal_.take_back_from(child_);
    ::kill(whole_group ? 0 : ::getpid(), signal);
    set_signal_mask(kAllSignals & ~signal_bit(signal));
    set_signal_mask(kAllSignals);
    return take_pending_signal(signal_bit(SIGCONT), info);
  }

  void lend_terminal() const {
    if (plan_.placement == Placement::Group && terminal_.is_foreground()) terminal_.hand_to(child_);
  }

  void resume(bool lend) const {
    if (lend) lend_terminal();
    ::kill(plan_.placement == Placement::Shared ? child_ : -child_, SIGCONT);
  }

  const WrapOptions& options_;
  char* const* command_;
  ChildPlan plan_;
  Terminal terminal_;
  pid_t child_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace

int wrap(const WrapOptions& options, char* const* command) {
  return Wrapper(options, command).run();
}

}  // namespace bootsman
