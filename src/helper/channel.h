#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace bootsman {

/// A helper's end of the socket to PID 1; helper/protocol.h has the messages.
class Channel {
 public:
  /// Does not own `fd`, but keeps it from the programs that the helper starts.
  explicit Channel(int fd);

  /// The request: everything until PID 1 shuts its side down, as one JSON text.
  Result<Value> read_request();

  /// The first line, where PID 1 goes on writing; what follows stays in the socket.
  Result<Value> read_line();

  /// Sends one line. Once PID 1 is gone this does nothing.
  void answer(const Value& message);

 private:
  int fd_;
  bool gone_ = false;
};

}  // namespace bootsman
