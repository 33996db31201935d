#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <uv.h>

#include "base/result.h"
#include "base/types.h"
#include "base/value.h"
#include "shell/setup.h"

namespace bootsman {

/// What a helper has said.
struct HelperSaid {
  enum class End : std::uint8_t {
    Itself,    ///< It closed its end.
    Silent,    ///< Nothing came for the whole time allowed; it was killed.
    Stopping,  ///< A stop signal came, which stays pending for the init's loop; it was killed.
    Failed,    ///< It could not be started or heard.
  };
  End end = End::Failed;
  std::string text;     ///< All that came.
  std::string problem;  ///< Why it did not end by itself.
};

/// Starts a helper (helper/protocol.h) before there is a runtime or after it, and waits until it
/// closes its end. `patience`: how long it may say nothing; time in which this process was stopped
/// does not count. `meanwhile`: a loop that turns while it waits; nullptr: none.
HelperSaid hear_helper(const Setup& setup, std::string_view name, const Value& request,
                       std::vector<std::string> environment, Millis patience,
                       uv_loop_t* meanwhile = nullptr);

/// The same for a helper with one answer.
Result<Value> ask_helper(const Setup& setup, std::string_view name, const Value& request,
                         std::vector<std::string> environment, Millis patience,
                         uv_loop_t* meanwhile);

}  // namespace bootsman
