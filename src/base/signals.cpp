#include <array>

#include "base/text.h"

namespace bootsman {
namespace {

struct Name {
  std::string_view name;  // Without "SIG".
  int number;
};

// signal(7), x86 and ARM. The first name of a number is the one that is written.
constexpr std::array kNames{
    Name{"HUP", 1},   Name{"INT", 2},     Name{"QUIT", 3},    Name{"ILL", 4},   Name{"TRAP", 5},
    Name{"ABRT", 6},  Name{"IOT", 6},     Name{"BUS", 7},     Name{"FPE", 8},   Name{"KILL", 9},
    Name{"USR1", 10}, Name{"SEGV", 11},   Name{"USR2", 12},   Name{"PIPE", 13}, Name{"ALRM", 14},
    Name{"TERM", 15}, Name{"STKFLT", 16}, Name{"CHLD", 17},   Name{"CLD", 17},  Name{"CONT", 18},
    Name{"STOP", 19}, Name{"TSTP", 20},   Name{"TTIN", 21},   Name{"TTOU", 22}, Name{"URG", 23},
    Name{"XCPU", 24}, Name{"XFSZ", 25},   Name{"VTALRM", 26}, Name{"PROF", 27}, Name{"WINCH", 28},
    Name{"IO", 29},   Name{"POLL", 29},   Name{"PWR", 30},    Name{"SYS", 31}};

constexpr int kRealtimeMin = 34;  // What container runtimes mean by SIGRTMIN.
constexpr int kSignalMax = 64;

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

/// "RTMIN+3", "RTMAX-1"; nothing when it is no such name.
std::optional<int> realtime(std::string_view name) {
  const bool from_min = name.starts_with("RTMIN");
  if (!from_min && !name.starts_with("RTMAX")) return std::nullopt;
  const int base = from_min ? kRealtimeMin : kSignalMax;
  const std::string_view offset = name.substr(5);
  if (offset.empty()) return base;
  const std::optional<std::uint64_t> distance = parse_number(offset.substr(1));
  if (offset[0] != (from_min ? '+' : '-') || !distance) return std::nullopt;
  if (*distance > static_cast<std::uint64_t>(kSignalMax - kRealtimeMin)) return std::nullopt;
  return from_min ? base + static_cast<int>(*distance) : base - static_cast<int>(*distance);
}

}  // namespace

Result<Signal> parse_signal(std::string_view text) {
  if (const std::optional<std::uint64_t> number = parse_number(text)) {
    if (*number >= 1 && *number <= kSignalMax) return Signal{static_cast<int>(*number)};
    return fail("cannot read the signal \"" + printable(text, 60) +
                "\": the numbers go from 1 to 64");
  }
  const std::string whole = upper(text);
  std::string_view name = whole;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  if (const std::optional<int> number = realtime(name)) return Signal{*number};
  std::vector<std::string_view> candidates;
  for (const Name& known : kNames) {
    if (known.name == name) return Signal{known.number};
    candidates.push_back(known.name);
  }
  const std::optional<std::string_view> hint = nearest(name, candidates);
  return fail("cannot read the signal \"" + printable(text, 60) + "\": " +
              (hint ? "did you mean \"SIG" + std::string(*hint) + "\"?"
                    : "write a name or a number, for instance \"SIGTERM\""));
}

std::string signal_name(Signal signal) {
  for (const Name& known : kNames)
    if (known.number == signal.value) return "SIG" + std::string(known.name);
  if (signal.value < kRealtimeMin || signal.value > kSignalMax)
    return "signal " + std::to_string(signal.value);
  if (signal.value == kRealtimeMin) return "SIGRTMIN";
  return "SIGRTMIN+" + std::to_string(signal.value - kRealtimeMin);
}

}  // namespace bootsman
