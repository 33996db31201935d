#include "shell/own_log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::size_t kOwnLineMax = 4000;

/// PID 1 has no thread, so no lock.
class HubSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit HubSink(LogHub& hub) : hub_(hub) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line;
    if (message.level >= spdlog::level::err)
      line = "error: ";
    else if (message.level >= spdlog::level::warn)
      line = "warning: ";
    line.append(message.payload.data(), message.payload.size());
    hub_.own_line(line);
  }
  void flush_() override { hub_.flush(); }

 private:
  LogHub& hub_;
};

spdlog::level::level_enum to_level(Severity severity) {
  switch (severity) {
    case Severity::Debug:
      return spdlog::level::debug;
    case Severity::Info:
      return spdlog::level::info;
    case Severity::Warning:
      return spdlog::level::warn;
    case Severity::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

OwnLog::OwnLog(LogHub& hub)
    : logger_(std::make_shared<spdlog::logger>("bootsman", std::make_shared<HubSink>(hub))) {}
OwnLog::~OwnLog() = default;

void OwnLog::say(Severity severity, std::string_view text) {
  // Never as a format string.
  logger_->log(to_level(severity), spdlog::string_view_t(printable(text, kOwnLineMax)));
}

}  // namespace bootsman
