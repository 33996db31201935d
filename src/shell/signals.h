#pragma once

#include <functional>

#include "base/types.h"
#include "shell/fd_watch.h"

namespace bootsman {

/// Reads the signals that came to this process from a signalfd(2). They stay blocked for good, so
/// no handler ever runs, neither here nor in a child that shares our memory until its exec; and a
/// storm of SIGCHLD cannot crowd out a SIGTERM, as it could in a self-pipe.
class Signals {
 public:
  static Result<Signals> open(uv_loop_t* loop, std::function<void(Signal)> received);

 private:
  UniqueFd fd_;
  FdWatch watch_;
};

}  // namespace bootsman
