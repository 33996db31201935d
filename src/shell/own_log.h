#pragma once

#include <memory>
#include <string_view>

#include "core/messages.h"
#include "shell/log_hub.h"

namespace spdlog {
class logger;
}

namespace bootsman {

/// The init's own voice: spdlog, through the same log path as the units, in the name "bootsman".
class OwnLog {
 public:
  explicit OwnLog(LogHub& hub);
  ~OwnLog();
  /// One line. Control characters are made visible: the text may quote what others wrote.
  void say(Severity severity, std::string_view text);

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace bootsman
