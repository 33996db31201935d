#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/types.h"
#include "base/value.h"
#include "sys/fd.h"

namespace bootsman {

/// The exit code where no init is there to talk to (EX_UNAVAILABLE of sysexits.h).
inline constexpr int kNoInit = 69;

/// What the running init said.
struct ControlReply {
  int status = 0;
  Value body;
  std::string text;  ///< The body as it came.
};

/// A connection that carries another protocol than HTTP now.
struct ControlUpgrade {
  UniqueFd socket;   ///< Does not block.
  std::string rest;  ///< What came behind the answer's head.
};

/// Asks the running init over its control socket, one connection per question. The socket is looked
/// for in all places of control_places(); a process that is neither root nor this user (nor PID 1's
/// user, for root) is not believed.
class ControlClient {
 public:
  /// An error names what was tried; it means kNoInit.
  static Result<ControlClient> find();

  /// `method` and `target` as in the request line. An error: the init went away, or did not answer
  /// in time.
  Result<ControlReply> ask(std::string_view method, const std::string& target,
                           Millis timeout = Millis{10'000}) const;

  /// Asks by GET for an answer that does not end, and gives out its bytes as they come until
  /// `take` says false, or the init is gone (an error). An answer that is no 200 is returned.
  Result<ControlReply> follow(const std::string& target,
                              const std::function<bool(std::string_view)>& take) const;

  /// Asks by POST for another protocol. An answer that refuses is returned as it came.
  Result<std::variant<ControlReply, ControlUpgrade>> upgrade(const std::string& target,
                                                             std::string_view protocol) const;

 private:
  explicit ControlClient(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace bootsman
