#include "wire/notify_message.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {
namespace {

/// A day: what is asked for beyond that is a mistake.
constexpr std::uint64_t kLongestExtension = 86'400'000'000U;

void read_line(std::string_view line, Word& word) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view name = line.substr(0, equals);
  const std::string_view value = line.substr(equals + 1);
  if (name == "STATUS") {
    word.status = printable(trim(value));
  } else if (name == "EXTEND_TIMEOUT_USEC") {
    if (const auto micros = parse_number(value))
      word.extend = Micros{static_cast<Micros::rep>(std::min(*micros, kLongestExtension))};
  } else if (name == "WATCHDOG") {
    word.alive = word.alive || value == "1";
    word.hung = word.hung || value == "trigger";
  } else if (value == "1") {
    word.ready = word.ready || name == "READY";
    word.reloading = word.reloading || name == "RELOADING";
    word.stopping = word.stopping || name == "STOPPING";
  }
}

}  // namespace

Word parse_notification(std::string_view datagram) {
  Word word;
  for (const std::string_view line : split(datagram, '\n')) read_line(line, word);
  return word;
}

}  // namespace bootsman
