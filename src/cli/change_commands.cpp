#include <cstdio>

#include "base/text.h"
#include "cli/client.h"
#include "cli/control_commands.h"
#include "cli/output.h"
#include "wire/query.h"

// The commands that change something in the running init.

namespace bootsman {

namespace {

/// What the client waits beyond the time after which the init itself answers.
constexpr Millis kMargin{5'000};
constexpr Millis kDefaultTimeout{60'000};
constexpr Millis kReloadTimeout{300'000};

/// Asks, and says what came of it. 0 when it was done.
int post(const ControlClient& client, const std::string& target, Millis timeout) {
  const auto reply = client.ask("POST", target, timeout + kMargin);
  if (!reply) return complain(reply.error().message(), kBad);
  if (reply->status != 200) {
    for (const std::string& detail : reply->body.get_strings("details"))
      std::fprintf(stderr, "%s\n", printable(detail, 1000).c_str());
    return complain(error_of(*reply), kBad);
  }
  print_sentence(printable(reply->body.get_string("text"), 1000));
  return 0;
}

int post_each(std::span<const std::string> units, const std::string& rest, Millis timeout) {
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  int code = 0;
  for (const std::string& unit : units) {
    const int one = post(*client, "/v1/units/" + percent_encode(unit) + rest, timeout);
    if (one != 0) code = one;
  }
  return code;
}

}  // namespace

int change_command(const Invocation& asked) {
  Millis timeout = kDefaultTimeout;
  if (asked.has("--timeout")) {
    const auto given = parse_duration(asked.value("--timeout"));
    if (!given) return complain("--timeout: " + given.error().message(), kUsage);
    timeout = *given;
  }
  return post_each(asked.words,
                   "/" + std::string(asked.command->name) + "?timeout=" + format_duration(timeout),
                   timeout);
}

int reload_command(const Invocation& asked) {
  Millis timeout = kReloadTimeout;
  if (asked.has("--timeout")) {
    const auto given = parse_duration(asked.value("--timeout"));
    if (!given) return complain("--timeout: " + given.error().message(), kUsage);
    timeout = *given;
  }
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  return post(*client, "/v1/reload?timeout=" + format_duration(timeout), timeout);
}

int signal_command(const Invocation& asked) {
  const auto signal = parse_signal(asked.words.front());
  if (!signal) {
    return complain(
        signal.error().message() + " (the signal comes first: bootsman signal HUP UNIT)", kUsage);
  }
  return post_each(std::span(asked.words).subspan(1),
                   "/signal?signal=" + std::to_string(signal->value), kMargin);
}

int shutdown_command(const Invocation& asked) {
  std::string target = "/v1/shutdown";
  if (asked.has("--exit-code")) {
    const auto code = parse_number(asked.value("--exit-code"));
    if (!code || *code > 255) {
      return complain("bootsman shutdown takes an exit code from 0 to 255", kUsage);
    }
    target += "?exit_code=" + std::to_string(*code);
  }
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  return post(*client, target, kMargin);
}

}  // namespace bootsman
