#include "sys/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string_view>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

namespace bootsman {

Result<TerminalPair> make_terminal() {
  const auto failed = [] { return fail(with_errno("cannot make a terminal", errno)); };
  TerminalPair pair;
  pair.ours.reset(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!pair.ours) return failed();
  const int unlocked = 0;
  if (::ioctl(pair.ours.get(), TIOCSPTLCK, &unlocked) != 0) return failed();
  // By the master, not by its name: /dev/pts may be another instance's.
  pair.program.reset(::ioctl(pair.ours.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pair.program) return failed();
  termios modes{};
  if (::tcgetattr(pair.program.get(), &modes) != 0) return failed();
  modes.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  if (::tcsetattr(pair.program.get(), TCSANOW, &modes) != 0) return failed();
  constexpr winsize kSize{24, 80, 0, 0};
  if (::ioctl(pair.program.get(), TIOCSWINSZ, &kSize) != 0) return failed();
  return pair;
}

bool may_colour() {
  const char* off = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (off == nullptr || *off == '\0') && (term == nullptr || std::string_view(term) != "dumb");
}

bool has_terminal_to_give() {
  if (::isatty(0) == 0 || ::isatty(1) == 0) return false;
  const pid_t session = ::tcgetsid(0);
  // Not our controlling terminal: whose it is shows when the child takes it.
  if (session < 0) return ::getpid() == 1;
  return session == ::getpid();
}

void give_up_terminal() {
  if (::tcgetsid(0) != ::getpid() || ::ioctl(0, TIOCNOTTY) != 0) return;
  sigset_t sent;
  ::sigemptyset(&sent);
  ::sigaddset(&sent, SIGHUP);
  ::sigaddset(&sent, SIGCONT);
  constexpr timespec kNow{0, 0};
  while (::sigtimedwait(&sent, nullptr, &kNow) > 0) {
  }
}

}  // namespace bootsman
