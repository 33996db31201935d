#include "base/text.h"
#include "wire/api.h"
#include "wire/query.h"

// Requests that become a stream joined to a command or a terminal.

namespace bootsman {

namespace {

/// Reads one parameter of a session; an empty text, or why it can't be taken.
std::string read_session_parameter(const std::string& name, const std::string& value,
                                   OpenSession& session) {
  if (name == "word") {
    session.words.push_back(value);
  } else if (name == "terminal") {
    if (value != "true" && value != "false") {
      return "cannot read terminal=" + printable(value) + ": it is true or false";
    }
    session.terminal = value == "true";
  } else if (name == "term") {
    if (value.empty() || printable(value) != value || value.size() > 64) {
      return "cannot take " + printable(value) + " as the name of a terminal";
    }
    session.term = value;
  } else {
    const auto number = parse_number(value);
    if (!number || *number == 0 || *number > 0xffff) {
      return "cannot use " + name + "=" + printable(value) + ": 1 to 65535";
    }
    (name == "rows" ? session.size.rows : session.size.columns) =
        static_cast<std::uint16_t>(*number);
  }
  return "";
}

}  // namespace

ApiAnswer open_session(const Request& request, const Plan& plan, std::optional<UnitIndex> unit) {
  const auto parameters = parse_query(request.query, {"word", "terminal", "term", "rows", "columns"});
  if (!parameters) return api_error(400, parameters.error().message());
  OpenSession session;
  session.unit = unit;
  for (const auto& [name, value] : *parameters) {
    const auto wrong = read_session_parameter(name, value, session);
    if (!wrong.empty()) return api_error(400, wrong);
    if (value.find('\0') != value.npos) return api_error(400, "cannot take a word with a NUL");
  }
  if (!session.words.empty() && session.words.front().empty()) {
    return api_error(400, "cannot run a command without a name");
  }
  if (!wants_upgrade(request, kSessionProtocol)) {
    auto refused = api_error(426, "cannot do this by HTTP alone: ask with \"Connection: Upgrade\" "
                                  "and \"Upgrade: " + std::string(kSessionProtocol) + "\"");
    refused.headers.push_back({"Upgrade", std::string(kSessionProtocol)});
    return refused;
  }
  // Arguments may hold what is not for a log.
  session.text = "run " + (session.words.empty() ? "a shell" : printable(session.words.front())) +
                 (session.words.size() > 1
                      ? " with " + std::to_string(session.words.size() - 1) + " arguments"
                      : "") +
                 (unit ? " as " + plan[*unit].id() : "");
  return session;
}

/// Attaching is opening a session whose command is there already.
ApiAnswer attach_terminal(const Request& request, const Plan& plan, UnitIndex unit) {
  const std::string id = plan[unit].id();
  if (!plan[unit].launch.tty) {
    return api_error(409, "cannot attach to " + id +
                              ": it has no terminal; set tty = true, or run a command beside it "
                              "by `bootsman shell " + id + "`");
  }
  if (const auto query = parse_query(request.query, {"rows", "columns"}); !query) {
    return api_error(400, query.error().message());
  }
  auto answer = open_session(request, plan, unit);
  const auto* session = std::get_if<OpenSession>(&answer);
  if (session == nullptr) return answer;
  return AttachTerminal{unit, session->size, "attach to " + id};
}

}  // namespace bootsman
