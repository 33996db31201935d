#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::uint64_t kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kTimeUnits{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                Unit{"s", 1'000}, Unit{"ms", 1}};

constexpr std::uint64_t kKi = 1024, kK = 1000;
constexpr std::array kSizeUnits{Unit{"B", 1},
                                Unit{"KiB", kKi},
                                Unit{"MiB", kKi* kKi},
                                Unit{"GiB", kKi* kKi* kKi},
                                Unit{"TiB", kKi* kKi* kKi* kKi},
                                Unit{"kB", kK},
                                Unit{"KB", kK},
                                Unit{"MB", kK* kK},
                                Unit{"GB", kK* kK* kK},
                                Unit{"TB", kK* kK* kK* kK}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

template <class Predicate>
std::string_view take_while(std::string_view& text, Predicate wanted) {
  std::size_t length = 0;
  while (length < text.size() && wanted(text[length])) ++length;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

/// A decimal number as it is written, "1" and "5" of "1.5".
struct Decimal {
  std::string_view whole;
  std::string_view fraction;
};

/// Takes a number off the front of `text`; nothing when there is none.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number{take_while(text, is_digit), {}};
  if (number.whole.empty()) return std::nullopt;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    number.fraction = take_while(text, is_digit);
    if (number.fraction.empty()) return std::nullopt;
  }
  return number;
}

enum class Trouble : std::uint8_t { TooBig, TooFine };

/// number × factor, exactly.
tl::expected<std::uint64_t, Trouble> times(const Decimal& number, std::uint64_t factor) {
  const std::optional<std::uint64_t> whole = parse_number(number.whole);
  if (!whole || *whole > kMax / factor) return tl::make_unexpected(Trouble::TooBig);
  std::uint64_t sum = *whole * factor;
  std::uint64_t step = factor;
  std::uint64_t rest = 0;  // What is left of `factor` where tenths do not divide it.
  std::uint64_t scale = 1;
  for (const char digit : number.fraction) {
    if (scale > 1'000'000'000'000) return tl::make_unexpected(Trouble::TooFine);
    scale *= 10;
    rest = rest * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (rest > 0) {
    // rest / scale × factor, without leaving 64 bits: shorten first.
    std::uint64_t a = scale, b = step;
    while (b != 0) {
      const std::uint64_t r = a % b;
      a = b;
      b = r;
    }
    step /= a;
    scale /= a;
    if (rest % scale != 0) return tl::make_unexpected(Trouble::TooFine);
    sum += rest / scale * step;
  }
  if (sum > kMax) return tl::make_unexpected(Trouble::TooBig);
  return sum;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

/// The intent is added by the reader: "cannot read the duration "5": …".
tl::unexpected<Error> unreadable(std::string_view what, std::string_view text,
                                 std::string_view why) {
  return fail("cannot read the " + std::string(what) + " \"" + printable(text, 60) +
              "\": " + std::string(why));
}

std::string one_decimal(std::uint64_t tenths) {
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

Result<Millis> parse_duration(std::string_view text) {
  constexpr std::uint64_t kLongest = 36'500ULL * 86'400'000ULL;
  const auto bad = [&](std::string_view why) { return unreadable("duration", text, why); };
  if (text.starts_with('-')) return bad("it must not be negative");
  std::string_view rest = text;
  std::uint64_t total = 0;
  std::uint64_t smaller_than = std::numeric_limits<std::uint64_t>::max();
  do {
    const std::optional<Decimal> number = take_decimal(rest);
    if (!number) return bad("write a number and a unit, for instance \"5s\"");
    const std::string_view name = take_while(rest, is_letter);
    if (name.empty())
      return bad("the unit is missing, write \"" + std::string(text.substr(0, 12)) + "s\"");
    const Unit* unit = find_unit(kTimeUnits, name);
    if (unit == nullptr) return bad("the units are ms, s, m, h and d");
    if (unit->factor >= smaller_than) return bad("write larger units first, each of them once");
    smaller_than = unit->factor;
    const auto part = times(*number, unit->factor);
    if (!part && part.error() == Trouble::TooFine) return bad("1ms is the smallest step");
    if (!part || (total += *part) > kLongest) return bad("it is longer than 100 years");
  } while (!rest.empty());
  return Millis(static_cast<Millis::rep>(total));
}

std::string format_duration(Millis duration) {
  auto left = static_cast<std::uint64_t>(std::max<Millis::rep>(duration.count(), 0));
  if (left == 0) return "0s";
  if (left > 1'000 && left < 60'000 && left % 100 == 0) return one_decimal(left / 100) + "s";
  std::string text;
  for (const Unit& unit : kTimeUnits) {
    if (left < unit.factor) continue;
    text += std::to_string(left / unit.factor) + std::string(unit.name);
    left %= unit.factor;
  }
  return text;
}

std::string say_duration(Micros duration) {
  const auto millis = static_cast<std::uint64_t>(std::max<Micros::rep>(duration.count(), 0)) / 1000;
  const std::uint64_t seconds = millis / 1000, minutes = seconds / 60, hours = minutes / 60;
  const auto pair = [](std::uint64_t big, std::string_view big_unit, std::uint64_t small,
                       std::string_view small_unit) {
    std::string text = std::to_string(big) + std::string(big_unit);
    if (small > 0) text += " " + std::to_string(small) + std::string(small_unit);
    return text;
  };
  if (millis < 100) return std::to_string(millis) + " ms";
  if (seconds < 10) return one_decimal(millis / 100) + " s";
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (hours < 1) return std::to_string(minutes) + " min";
  if (hours < 24) return pair(hours, " h", minutes % 60, " min");
  return pair(hours / 24, " d", hours % 24, " h");
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto bad = [&](std::string_view why) { return unreadable("size", text, why); };
  if (text.starts_with('-')) return bad("it must not be negative");
  std::string_view rest = text;
  const std::optional<Decimal> number = take_decimal(rest);
  if (!number) return bad("write a number and a unit, for instance \"64KiB\"");
  const std::string digits(text.substr(0, std::min<std::size_t>(text.size() - rest.size(), 20)));
  if (rest.empty())
    return bad("the unit is missing, write \"" + digits + "MiB\", or \"" + digits +
               "B\" for bytes");
  const Unit* unit = find_unit(kSizeUnits, rest);
  if (unit == nullptr) return bad("the units are B, KiB, MiB, GiB, TiB and KB, MB, GB, TB");
  const auto size = times(*number, unit->factor);
  if (size) return *size;
  if (size.error() == Trouble::TooFine) return bad("one byte is the smallest step");
  return bad("it is larger than 8 EiB");
}

std::string say_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kNames{" KiB", " MiB", " GiB", " TiB", " PiB"};
  if (bytes < kKi) return std::to_string(bytes) + " B";
  std::uint64_t unit = kKi;
  std::size_t name = 0;
  while (bytes / unit >= kKi && name + 1 < kNames.size()) {
    unit *= kKi;
    ++name;
  }
  const std::uint64_t tenths = bytes / unit * 10 + bytes % unit * 10 / unit;
  return (tenths < 1000 ? one_decimal(tenths) : std::to_string(tenths / 10)) +
         std::string(kNames[name]);
}

}  // namespace bootsman
