#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/unit_usage.h"
#include "core/messages.h"
#include "core/status.h"
#include "logs/ring.h"
#include "wire/event_log.h"
#include "wire/http.h"
#include "wire/mount_numbers.h"
#include "wire/session_frames.h"

namespace bootsman {

// The API of the control socket, described in packaging/openapi.yaml: HTTP requests → answers, or
// what the caller has to do before it can answer. Errors are {"error": "cannot …"}.

/// What the answers are made from. The log ring's writers are numbered as UnitIndex + 1; 0 is the
/// init itself.
struct ApiView {
  const Plan& plan;
  const State& state;
  const LogRing& ring;
  const EventLog& events;
  MonoTime now{};
  /// Files of the configuration that have changed since it was read; may be null.
  const std::set<std::string>* changed_files = nullptr;
  /// By unit; those that were never started have none.
  const MountNumbersByUnit* mounts = nullptr;
  std::int64_t wall_us = 0;  ///< The time of day, since 1970 in UTC.
  /// What each unit uses, by UnitIndex; asked only for a client that wants to know.
  std::function<std::vector<UnitUsage>()> usage = {};
};

/// Asks for remembered lines.
struct LogQuery {
  std::vector<std::uint32_t> writers;  ///< Of the ring; all of them when empty.
  std::size_t lines = 100;
  /// Only lines after that sequence number, the oldest first to count; else the last ones.
  std::optional<std::uint64_t> after;
  Millis wait{0};  ///< How long to wait for a first line.
  std::int64_t since_us = 0;  ///< Only lines since then, in microseconds since 1970.
};

/// The most lines, and bytes of text, in one answer about logs.
inline constexpr std::size_t kLogLinesMax = 10'000;
inline constexpr std::size_t kLogBytesMax = 1024 * 1024;
/// The longest that a client may ask to wait.
inline constexpr Millis kApiWaitMax{3'600'000};

/// To be answered by log_response() once there is a line, or `wait` is over.
struct WaitForLogs {
  LogQuery query;
};

/// To be given to the core; its Reply makes the answer, by command_response().
struct ApiCommand {
  Command what;
  std::string text;        ///< For the audit line: "restart service.web".
  Millis timeout{60'000};  ///< The answer after that: command_overdue().
};

/// To be answered by a stream of events that does not end.
struct WatchEvents {
  EventQuery query;
};

/// Log files are to be put aside; rotated_response() makes the answer.
struct RotateLogs {};

/// The configuration is to be read again; the core's Reply makes the answer, or reload_refused().
struct ApiReload {
  Millis timeout{300'000};  ///< The answer after that: 504.
};

/// To be answered by the protocol of wire/session_frames.h, joined to a command in the unit's shape.
struct OpenSession {
  std::optional<UnitIndex> unit;   ///< Nothing: in the init's own.
  std::vector<std::string> words;  ///< Empty: a shell.
  bool terminal = false;
  WindowSize size{24, 80};
  std::string term = "xterm";
  std::string text;  ///< For the audit line.
};

/// To be answered by the same protocol, joined to the unit's own terminal.
struct AttachTerminal {
  UnitIndex unit;
  WindowSize size{24, 80};
  std::string text;  ///< For the audit line.
};

using ApiAnswer =
    std::variant<Response, WaitForLogs, WatchEvents, OpenSession, AttachTerminal, ApiCommand,
                 RotateLogs, ApiReload>;

/// Answers one request.
ApiAnswer answer_api(const Request& request, const ApiView& view);

/// An OpenSession or AttachTerminal, or why it can't be.
ApiAnswer open_session(const Request& request, const Plan& plan, std::optional<UnitIndex> unit);
ApiAnswer attach_terminal(const Request& request, const Plan& plan, UnitIndex unit);

/// The lines that the query asks for, and where to go on: {"lines": […], "next": N}.
Response log_response(const LogQuery& query, const ApiView& view);
/// Whether there is a line for the query.
bool has_lines(const LogQuery& query, const ApiView& view);

/// The remembered events that the query asks for: {"events": […], "next": N}.
Response event_response(const EventQuery& query, const EventLog& events);

/// 200 {"text": …}, or 409 {"error": …} where the command was refused or came to a bad end.
Response command_response(const Reply& reply);
/// 504: the command is still under way.
Response command_overdue(const ApiCommand& command);
Response reload_overdue(Millis timeout);
/// 409 {"error": …, "details": [ERROR…]}: the configuration can't be taken.
Response reload_refused(const std::string& why, const std::vector<std::string>& errors);

/// 200 {"text": …}: so many units have a log file that is put aside.
Response rotated_response(std::size_t files);

/// {"error": WHY}
Response api_error(int status, std::string_view why);

struct ApiRoute {
  std::string_view method;
  std::string_view path;  ///< "{unit}" stands for one segment.
};
/// All that is served.
std::span<const ApiRoute> api_routes();

}  // namespace bootsman
