#include "cli/raw_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "sys/fd.h"

namespace bootsman {

Result<RawTerminal> RawTerminal::enter() {
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) != 0) {
    return fail(with_errno("cannot read the modes of the terminal", errno));
  }
  termios raw = before;
  ::cfmakeraw(&raw);
  if (::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) {
    return fail(with_errno("cannot set the modes of the terminal", errno));
  }
  return RawTerminal(before);
}

void RawTerminal::restore() {
  if (!before_) return;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_);
  before_.reset();
}

std::optional<WindowSize> terminal_size() {
  winsize size{};
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
      return WindowSize{size.ws_row, size.ws_col};
    }
  }
  return std::nullopt;
}

}  // namespace bootsman
