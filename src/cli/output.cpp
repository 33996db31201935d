#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace bootsman {

int complain(const std::string& text, int code) {
  std::fprintf(stderr, "%s\n", text.c_str());
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

TableStyle style_of_stdout() {
  TableStyle style;
  if (::isatty(STDOUT_FILENO) == 0) return style;
  const char* off = std::getenv("NO_COLOR");
  style.colour = off == nullptr || *off == '\0';
  winsize size{};
  style.width = 80;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.width = size.ws_col;
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
