#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/types.h"

namespace bootsman {

/// Lets at most so many lines through in each second, and counts the rest. A second begins with the
/// first line behind the one before.
class RateLimit {
 public:
  /// 0: no limit.
  explicit RateLimit(std::uint32_t lines = 0) : limit_(lines) {}

  struct LeftOut {
    std::uint64_t lines = 0;
    std::uint64_t bytes = 0;
  };

  bool active() const { return limit_ > 0; }

  /// Whether the second is over in which lines were left out: take() says how many.
  bool over(MonoTime now) const { return left_out_.lines > 0 && now >= end_; }

  /// Whether this line may pass; counts it if not. Call take() first when over().
  bool pass(std::size_t bytes, MonoTime now) {
    if (now >= end_) {
      end_ = now + kSecond;
      passed_ = 0;
    }
    if (passed_ < limit_) {
      ++passed_;
      return true;
    }
    ++left_out_.lines;
    left_out_.bytes += bytes;
    return false;
  }

  LeftOut take() { return std::exchange(left_out_, {}); }

  /// When what was left out is to be said at the latest.
  std::optional<MonoTime> next_deadline() const {
    return left_out_.lines > 0 ? std::optional(end_) : std::nullopt;
  }
  bool any_left_out() const { return left_out_.lines > 0; }
  std::uint32_t limit() const { return limit_; }

 private:
  static constexpr Millis kSecond{1000};
  std::uint32_t limit_;
  std::uint32_t passed_ = 0;
  MonoTime end_;
  LeftOut left_out_;
};

}  // namespace bootsman
