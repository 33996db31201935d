#include "wrap/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "wrap/signal_set.h"

namespace bootsman {

Terminal Terminal::find() {
  Terminal found;
  for (int fd = 0; fd <= 2 && !found.controlling_; ++fd) {
    if (::isatty(fd) == 0) continue;
    const bool ours = ::tcgetpgrp(fd) >= 0;
    if (found.fd_ < 0 || ours) found.fd_ = fd;
    found.controlling_ = ours;
  }
  if (found.controlling_) return found;
  // All three may be redirected; the command can still ask for a password on /dev/tty.
  UniqueFd opened(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!opened) return found;
  found.own_ = std::move(opened);
  found.fd_ = found.own_.get();
  found.controlling_ = true;
  return found;
}

bool Terminal::is_ours_alone() const {
  return controlling_ && ::getsid(0) == ::getpid();
}

void Terminal::release() {
  if (!is_ours_alone() || ::ioctl(fd_, TIOCNOTTY) != 0) return;
  controlling_ = false;
  // The kernel tells the foreground group, us, that the terminal has gone: not news for the
  // command.
  siginfo_t info{};
  while (take_pending_signal(signal_bit(SIGHUP) | signal_bit(SIGCONT), info)) {
  }
}

void Terminal::adopt() const {
  if (fd_ >= 0) ::ioctl(fd_, TIOCSCTTY, 0);
}

bool Terminal::is_foreground() const {
  return has_in_foreground(::getpgrp());
}

bool Terminal::has_in_foreground(pid_t group) const {
  return controlling_ && ::tcgetpgrp(fd_) == group;
}

void Terminal::hand_to(pid_t group) const {
  if (controlling_) ::tcsetpgrp(fd_, group);
}

void Terminal::take_back_from(pid_t group) const {
  if (has_in_foreground(group)) ::tcsetpgrp(fd_, ::getpgrp());
}

}  // namespace bootsman
