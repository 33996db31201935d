#include "cli/output.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/cells.h"
#include "base/text.h"
#include "sys/terminal.h"

namespace bootsman {

std::size_t columns_of(int fd) {
  winsize size{};
  if (::isatty(fd) == 0) return 0;
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int complain(const std::string& text, int code) {
  const std::size_t width = columns_of(STDERR_FILENO);
  for (const std::string_view line : split(text, '\n'))
    std::fputs(wrapped(line, width, "  ").c_str(), stderr);
  return code;
}

std::string error_of(const ControlReply& reply) {
  const auto said = reply.body.get_string("error");
  return said.empty() ? "cannot: the init answered " + std::to_string(reply.status) : said;
}

bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

bool print_sentence(const std::string& text, std::string_view indent) {
  return print(wrapped(text, columns_of(STDOUT_FILENO), indent));
}

TableStyle style_of_stdout() {
  TableStyle style;
  style.width = columns_of(STDOUT_FILENO);
  style.colour = style.width > 0 && may_colour();
  return style;
}

std::string time_of_day(std::int64_t microseconds) {
  const std::time_t seconds = microseconds / 1'000'000;
  std::tm parts{};
  char text[32];
  if (::gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
    return "";
  }
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(microseconds / 1000 % 1000));
  return std::string(text) + fraction;
}

}  // namespace bootsman
