#pragma once

#include <string>

#include "cli/client.h"

namespace bootsman {

/// How a session ended for this client.
struct SessionResult {
  int code = 0;          ///< What this process should exit with.
  std::string message;   ///< For stderr, after the terminal is as it was; or empty.
  bool detached = false;
};

struct SessionOptions {
  bool terminal = false;    ///< Keys go through as they are, and the window's size follows.
  std::string detach_keys;  ///< Bytes; empty: none.
};

/// Joins stdin, stdout and stderr to an upgraded connection until the command ends, the detach keys
/// are typed, or a signal ends this client. The terminal is as before when it returns.
SessionResult run_session(ControlUpgrade connection, const SessionOptions& options);

/// Joins this terminal to that of a unit; the usual keys leave it.
SessionResult attach_to(const std::string& unit);

}  // namespace bootsman
