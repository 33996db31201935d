#include "cli/control_commands.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/json.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/status_table.h"
#include "wire/query.h"

namespace bootsman {

namespace {

constexpr int kBad = 1;
constexpr int kUsage = 2;
/// How long one question about further lines waits for them.
constexpr std::string_view kFollowWait = "20s";
constexpr Millis kFollowTimeout{40'000};
constexpr std::uint64_t kLinesMax = 10'000;

int complain(const std::string& text, int code) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return code;
}

/// What stands in "error" of a refusal, or the answer as it came.
std::string error_of(const ControlReply& reply) {
  const auto said = reply.body.get_string("error");
  return said.empty() ? "cannot: the init answered " + std::to_string(reply.status) : said;
}

TableStyle style_of_stdout() {
  TableStyle style;
  if (::isatty(STDOUT_FILENO) == 0) return style;
  const char* off = std::getenv("NO_COLOR");
  style.colour = off == nullptr || *off == '\0';
  winsize size{};
  style.width = 80;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.width = size.ws_col;
  return style;
}

/// Whether stdout took everything; a pipe whose reader is gone did not.
bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

std::string time_of_day(std::int64_t microseconds) {
  const std::time_t seconds = microseconds / 1'000'000;
  std::tm parts{};
  char text[32];
  if (::gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
    return "";
  }
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(microseconds / 1000 % 1000));
  return std::string(text) + fraction;
}

/// The units that were asked for: all, or those named; `code` is 1 when a name is wrong.
Result<Value::Array> ask_units(const ControlClient& client, const std::vector<std::string>& names,
                               Value& config, int& code) {
  if (names.empty()) {
    const auto reply = client.ask("GET", "/v1/units");
    if (!reply) return fail(reply.error());
    if (reply->status != 200) return fail(error_of(*reply));
    if (const Value* found = reply->body.find("config")) config = *found;
    const Value* units = reply->body.find("units");
    return units != nullptr && units->array() != nullptr ? *units->array() : Value::Array{};
  }
  Value::Array units;
  for (const std::string& name : names) {
    const auto reply = client.ask("GET", "/v1/units/" + percent_encode(name));
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

std::string log_lines(const Value& body) {
  std::string text;
  const Value* lines = body.find("lines");
  if (lines == nullptr || lines->array() == nullptr) return text;
  for (const Value& line : *lines->array()) {
    const auto unit = line.get_string("unit");
    text += time_of_day(line.get_int("time_us", 0)) + " " + unit + " | " + line.get_string("text") +
            "\n";
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
    if (!print(log_lines(reply->body))) return 0;
    next = reply->body.get_int("next", next);
  }
}

}  // namespace

int status_command(const Invocation& asked) {
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
    print(status_table(*units, style_of_stdout()));
    const auto changed = config.get_strings("changed");
    if (!changed.empty())
      print("\nThe configuration on disk is another one: " + printable(join(changed, ", "), 500) +
            " changed. `bootsman reload` applies it.\n");
    for (const Value& unit : *units) {
      if (asked.words.empty()) break;
      print("\n" + unit.get_string("id") + ", its last lines:\n");
      for (const std::string& line : unit.get_strings("detail"))
        print("  " + printable(line, 2000) + "\n");
    }
  }
  return code;
}

int logs_command(const Invocation& asked) {
  const std::string lines = asked.value("-n", "100");
  const auto number = parse_number(lines);
  if (!number || *number > kLinesMax) {
    return complain(
        "bootsman logs takes a number up to 10000 after -n, not \"" + printable(lines) + "\"",
        kUsage);
  }
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  const auto reply = client->ask("GET", log_target(asked, lines));
  if (!reply) return complain(reply.error().message(), kBad);
  if (reply->status != 200) return complain(error_of(*reply), kBad);
  if (!print(log_lines(reply->body)) || !asked.has("-f")) return 0;
  return follow(*client, asked, reply->body.get_int("next", 0));
}

}  // namespace bootsman
