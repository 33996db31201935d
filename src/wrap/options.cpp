#include "wrap/options.h"

#include <csignal>

#include "base/text.h"

namespace bootsman {

namespace {

constexpr int kSignalMax = 64;

bool is_fault(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGSYS:
      return true;
    default:
      return false;
  }
}

}  // namespace

SignalMap::SignalMap() {
  for (std::size_t number = 1; number < becomes_.size(); ++number)
    becomes_[number] = static_cast<std::uint8_t>(number);
}

void SignalMap::rewrite(Signal from, Signal to) {
  becomes_.at(static_cast<std::size_t>(from.value)) = static_cast<std::uint8_t>(to.value);
  set_.set(static_cast<std::size_t>(from.value));
}

void SignalMap::rewrite_unless_set(Signal from, Signal to) {
  if (!set_.test(static_cast<std::size_t>(from.value))) rewrite(from, to);
}

std::optional<Signal> SignalMap::forwarded(Signal received, int si_code) const {
  if (!can_be_forwarded(received)) return std::nullopt;
  if (is_fault(received.value) && si_code > 0) return std::nullopt;
  const Signal target{becomes_[static_cast<std::size_t>(received.value)]};
  return target.value == 0 ? std::nullopt : std::optional(target);
}

bool can_be_forwarded(Signal signal) {
  const int number = signal.value;
  if (number < 1 || number > kSignalMax || number == 32 || number == 33) return false;
  return number != SIGKILL && number != SIGSTOP && number != SIGCHLD;
}

std::optional<Error> read_rewrite(std::string_view text, SignalMap& map) {
  const auto colon = text.find(':');
  if (colon == text.npos)
    return Error(
        "cannot read the rewrite \"" + printable(text, 60) +
        "\": write SIGNAL:SIGNAL, for instance \"SIGTERM:SIGQUIT\", or SIGNAL:0 to drop it");
  const auto from = parse_signal(text.substr(0, colon));
  if (!from) return from.error();
  if (!can_be_forwarded(*from))
    return Error("cannot rewrite " + signal_name(*from) + ": it is never forwarded");
  const auto target = text.substr(colon + 1);
  if (target == "0") {
    map.rewrite(*from, Signal{0});
    return std::nullopt;
  }
  const auto to = parse_signal(target);
  if (!to) return to.error();
  map.rewrite(*from, *to);
  return std::nullopt;
}

Result<int> parse_exit_code(std::string_view text) {
  const auto number = parse_number(text);
  if (number && *number <= 255) return static_cast<int>(*number);
  return fail("cannot read the exit code \"" + printable(text, 60) + "\": they go from 0 to 255");
}

}  // namespace bootsman
