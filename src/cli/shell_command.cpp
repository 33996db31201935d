#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/control_commands.h"
#include "cli/detach_keys.h"
#include "cli/output.h"
#include "cli/raw_terminal.h"
#include "cli/session_client.h"
#include "wire/query.h"

// Commands that join this terminal to something in the container.

namespace bootsman {

namespace {

/// As telnet(1), and twice, since a program may want it once.
constexpr std::string_view kDetachKeys = "ctrl-],ctrl-]";

/// Joins this client to what stands behind the target.
SessionResult join_session(const std::string& target, const SessionOptions& options) {
  const auto client = ControlClient::find();
  if (!client) return {kNoInit, client.error().message(), false};
  auto answer = client->upgrade(target, kSessionProtocol);
  if (!answer) return {kBad, answer.error().message(), false};
  if (const auto* refusal = std::get_if<ControlReply>(&*answer)) {
    return {kBad, error_of(*refusal), false};
  }
  return run_session(std::get<ControlUpgrade>(std::move(*answer)), options);
}

int leave(const SessionResult& result) {
  if (result.detached) std::fputs("\r\n", stderr);
  if (!result.message.empty()) complain(result.message, 0);
  return result.code;
}

std::string size_parameters() {
  const auto size = terminal_size().value_or(WindowSize{24, 80});
  return "rows=" + std::to_string(size.rows) + "&columns=" + std::to_string(size.columns);
}

}  // namespace

int shell_command(const Invocation& asked) {
  // Words before "--" name the unit, those after it are the command.
  const auto split_at = asked.words_before_dashes.value_or(asked.words.size());
  if (split_at > 1) {
    return complain("bootsman shell takes one unit; write the command after --", kUsage);
  }
  std::string target = split_at == 0 ? "/v1/exec?"
                                     : "/v1/units/" + percent_encode(asked.words[0]) + "/exec?";
  SessionOptions options;
  options.terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  target += options.terminal ? "terminal=true&" + size_parameters() : "terminal=false";
  const char* term = std::getenv("TERM");
  if (options.terminal && term != nullptr && *term != '\0') target += "&term=" + percent_encode(term);
  for (std::size_t i = split_at; i < asked.words.size(); ++i) {
    target += "&word=" + percent_encode(asked.words[i]);
  }
  return leave(join_session(target, options));
}

namespace {

SessionResult attach_with(const std::string& unit, const std::string& detach_keys) {
  SessionOptions options;
  options.terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (options.terminal) options.detach_keys = detach_keys;
  return join_session("/v1/units/" + percent_encode(unit) + "/attach?" + size_parameters(),
                      options);
}

}  // namespace

SessionResult attach_to(const std::string& unit) {
  return attach_with(unit, parse_detach_keys(kDetachKeys).value_or(""));
}

int attach_command(const Invocation& asked) {
  const auto keys = parse_detach_keys(asked.value("--detach-keys", kDetachKeys));
  if (!keys) return complain("--detach-keys: " + keys.error().message(), kUsage);
  return leave(attach_with(asked.words[0], *keys));
}

}  // namespace bootsman
