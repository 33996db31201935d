#include "shell/own_log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::size_t kOwnLineMax = 4000;

/// PID 1 has no thread, so no lock; and lines are formatted by the hub, so no formatter: the
/// library's own would add 60 KiB to the executable.
class HubSink : public spdlog::sinks::sink {
 public:
  explicit HubSink(LogHub& hub) : hub_(hub) {}

  void log(const spdlog::details::log_msg& message) override {
    std::string line;
    if (message.level >= spdlog::level::err)
      line = "error: ";
    else if (message.level >= spdlog::level::warn)
      line = "warning: ";
    line.append(message.payload.data(), message.payload.size());
    hub_.own_line(line);
  }
  void flush() override { hub_.flush(); }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

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
    : logger_(std::make_shared<spdlog::logger>("bootsman", std::make_shared<HubSink>(hub))) {
  // Without memory there is no line either; the library would write to stderr, blocking or not.
  logger_->set_error_handler([](const std::string&) {});
}
OwnLog::~OwnLog() = default;

void OwnLog::say(Severity severity, std::string_view text) {
  // Never as a format string.
  logger_->log(to_level(severity), spdlog::string_view_t(printable(text, kOwnLineMax)));
}

}  // namespace bootsman
