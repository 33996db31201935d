#pragma once

#include <termios.h>

#include <optional>
#include <utility>

#include "base/result.h"
#include "wire/session_frames.h"

namespace bootsman {

/// The terminal of stdin, given through as it is: every key becomes bytes. Back as it was at the
/// end of its owner's life.
class RawTerminal {
 public:
  static Result<RawTerminal> enter();
  RawTerminal(RawTerminal&& other) noexcept
      : before_(std::exchange(other.before_, std::nullopt)) {}
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal() { restore(); }
  void restore();
  bool active() const { return before_.has_value(); }

 private:
  explicit RawTerminal(const termios& before) : before_(before) {}
  std::optional<termios> before_;
};

/// Of the terminal of stdin, or of stdout; nothing where neither is one.
std::optional<WindowSize> terminal_size();

}  // namespace bootsman
