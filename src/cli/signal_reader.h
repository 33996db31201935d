#pragma once

#include <csignal>

#include "sys/fd.h"

namespace bootsman {

/// Lets a command that has changed the terminal see the signals that would end it, and changes of
/// the window, as readable events. As before at the end of its life.
class SignalReader {
 public:
  SignalReader();
  ~SignalReader();
  SignalReader(const SignalReader&) = delete;
  SignalReader& operator=(const SignalReader&) = delete;

  /// Readable when there is one.
  int fd() const { return fd_.get(); }
  /// The next one, or 0.
  int next() const;

 private:
  sigset_t before_{};
  UniqueFd fd_;
};

}  // namespace bootsman
