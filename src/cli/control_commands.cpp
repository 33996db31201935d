#include "cli/control_commands.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/since.h"
#include "cli/status_table.h"
#include "shell/clock.h"
#include "wire/query.h"

namespace bootsman {

namespace {

/// How long one question about further lines waits for them; then it is looked whether anybody
/// still reads.
constexpr std::string_view kFollowWait = "3s";
constexpr Millis kFollowTimeout{40'000};
constexpr std::uint64_t kLinesMax = 10'000;
/// Of a WHY below its row, in the table of all units and in that of those named.
constexpr std::size_t kWhyLines = 3;
constexpr std::size_t kAllLines = 100;

/// The units that were asked for: all, or those named; `code` is 1 when a name is wrong.
Result<Value::Array> ask_units(const ControlClient& client, const std::vector<std::string>& names,
                               Value& config, int& code) {
  if (names.empty()) {
    const auto reply = client.ask("GET", "/v1/units?usage=true");
    if (!reply) return fail(reply.error());
    if (reply->status != 200) return fail(error_of(*reply));
    if (const Value* found = reply->body.find("config")) config = *found;
    const Value* units = reply->body.find("units");
    return units != nullptr && units->array() != nullptr ? *units->array() : Value::Array{};
  }
  Value::Array units;
  for (const std::string& name : names) {
    const auto reply = client.ask("GET", "/v1/units/" + percent_encode(name) + "?usage=true");
    if (!reply) return fail(reply.error());
    if (reply->status == 200) {
      units.push_back(reply->body);
    } else {
      code = complain(error_of(*reply), kBad);
    }
  }
  return units;
}

std::string log_target(const Invocation& asked, const std::string& lines) {
  std::string target = "/v1/logs?n=" + lines;
  for (const std::string& unit : asked.words) target += "&unit=" + percent_encode(unit);
  return target;
}

std::string log_lines(const Value& body, bool as_json) {
  std::string text;
  const Value* lines = body.find("lines");
  if (lines == nullptr || lines->array() == nullptr) return text;
  for (const Value& line : *lines->array()) {
    const auto unit = line.get_string("unit");
    text += as_json ? to_json(line) + "\n"
                    : time_of_day(line.get_int("time_us", 0)) + " " + unit + " | " +
                          line.get_string("text") + "\n";
  }
  return text;
}

/// Goes on from a line until the reader or the init is gone.
int follow(const ControlClient& client, const Invocation& asked, std::int64_t next) {
  for (;;) {
    const auto reply = client.ask("GET",
                                  log_target(asked, "1000") + "&after=" + std::to_string(next) +
                                      "&wait=" + std::string(kFollowWait),
                                  kFollowTimeout);
    if (!reply) return complain("the init is gone: " + reply.error().message(), 0);
    if (reply->status != 200) return complain(error_of(*reply), kBad);
    if (reply->body.get_bool("lost", false))
      complain(
          "lines are missing here: they came faster than they could be shown; name one UNIT to "
          "follow, or give it a log.file, which has them all",
          0);
    if (!print(log_lines(reply->body, asked.has("--json"))) || reader_is_gone()) return 0;
    next = reply->body.get_int("next", next);
  }
}

}  // namespace

int status_command(const Invocation& asked) {
  if (asked.has("--watch")) return watch_status(asked.words, false);
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  int code = 0;
  Value config;
  const auto units = ask_units(*client, asked.words, config, code);
  if (!units) return complain(units.error().message(), kBad);
  if (asked.has("--json")) {
    Value answer;
    answer.set("units", *units);
    if (!config.is_null()) answer.set("config", config);
    print(to_json(answer) + "\n");
  } else if (!units->empty()) {
    TableStyle style = style_of_stdout();
    if (style.width > 0) style.why_lines = asked.words.empty() ? kWhyLines : kAllLines;
    print(status_table(*units, style));
    const auto changed = config.get_strings("changed");
    if (!changed.empty()) {
      print("\n");
      print_sentence(
          "The configuration on disk is another one: " + printable(join(changed, ", "), 500) +
          " changed. `bootsman reload` applies it.");
    }
    for (const Value& unit : *units) {
      if (asked.words.empty()) break;
      print("\n" + unit.get_string("id") + ", its last lines:\n");
      for (const std::string& line : unit.get_strings("detail"))
        print("  " + printable(line, 2000) + "\n");
    }
  }
  return code;
}

namespace {

int rotate_logs() {
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  const auto reply = client->ask("POST", "/v1/logs/rotate");
  if (!reply) return complain(reply.error().message(), kBad);
  if (reply->status != 200) return complain(error_of(*reply), kBad);
  print_sentence(reply->body.get_string("text"));
  return 0;
}

}  // namespace

int logs_command(const Invocation& asked) {
  if (asked.words.size() == 1 && asked.words.front() == "rotate") return rotate_logs();
  const std::string lines = asked.value("-n", asked.has("--since") ? "10000" : "100");
  const auto number = parse_number(lines);
  if (!number || *number > kLinesMax) {
    return complain(
        "bootsman logs takes a number up to 10000 after -n, not \"" + printable(lines) + "\"",
        kUsage);
  }
  std::string since;
  if (asked.has("--since")) {
    const auto begin = parse_since(asked.value("--since"), wall_clock_us());
    if (!begin) return complain("--since: " + begin.error().message(), kUsage);
    since = "&since_us=" + std::to_string(*begin);
  }
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  const auto reply = client->ask("GET", log_target(asked, lines) + since);
  if (!reply) return complain(reply.error().message(), kBad);
  if (reply->status != 200) return complain(error_of(*reply), kBad);
  if (!print(log_lines(reply->body, asked.has("--json"))) || !asked.has("-f")) return 0;
  return follow(*client, asked, reply->body.get_int("next", 0));
}

}  // namespace bootsman
