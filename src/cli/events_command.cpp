#include <unistd.h>

#include "base/cells.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/control_commands.h"
#include "cli/output.h"
#include "wire/query.h"

namespace bootsman {

namespace {

constexpr std::uint64_t kEventsMax = 1024;

/// What follows the first line of an event on a narrow terminal.
constexpr std::string_view kIndent = "    ";

std::string event_line(const Value& event, std::size_t width) {
  std::string text = time_of_day(event.get_int("time_us", 0)) + " ";
  const auto unit = event.get_string("unit");
  const auto type = event.get_string("type");
  text += unit.empty() ? "bootsman" : unit;
  const auto to = event.get_string("to");
  text += " " + (to.empty() ? type : event.get_string("from") + " -> " + to);
  const auto why = event.get_string("why");
  return wrapped(text + (why.empty() ? "" : ": " + printable(why, 2000)), width, kIndent);
}

/// Takes the data of events out of a stream of bytes, cut anywhere, and prints them.
class EventPrinter {
 public:
  explicit EventPrinter(bool json) : json_(json) {}

  /// False when stdout takes no more.
  bool take(std::string_view bytes) {
    rest_ += bytes;
    std::string out;
    for (;;) {
      const auto end = rest_.find('\n');
      if (end == rest_.npos) break;
      constexpr std::string_view kData = "data: ";
      if (rest_.starts_with(kData)) out += shown(rest_.substr(kData.size(), end - kData.size()));
      rest_.erase(0, end + 1);
    }
    return out.empty() || print(out);
  }

 private:
  std::string shown(const std::string& data) const {
    if (json_) return data + "\n";
    const auto event = parse_json(data);
    if (!event) return "";
    const auto lost = event->get_int("lost", 0);
    if (lost > 0) return "(" + std::to_string(lost) + " events were missed)\n";
    return event_line(*event, columns_of(STDOUT_FILENO));
  }

  bool json_;
  std::string rest_;
};

int follow_events(const ControlClient& client, const std::string& target, bool json) {
  EventPrinter printer(json);
  const auto reply =
      client.follow(target, [&](std::string_view bytes) { return printer.take(bytes); });
  if (!reply) return complain("the init is gone: " + reply.error().message(), 0);
  return reply->status == 200 ? 0 : complain(error_of(*reply), kBad);
}

}  // namespace

int events_command(const Invocation& asked) {
  const std::string count = asked.value("-n", asked.has("-f") ? "0" : "100");
  const auto number = parse_number(count);
  if (!number || *number > kEventsMax) {
    return complain(
        "bootsman events takes a number up to 1024 after -n, not \"" + printable(count) + "\"",
        kUsage);
  }
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  std::string target = "/v1/events?n=" + count;
  for (const std::string& unit : asked.words) target += "&unit=" + percent_encode(unit);
  if (asked.has("-f")) return follow_events(*client, target, asked.has("--json"));
  const auto reply = client->ask("GET", target + "&follow=false");
  if (!reply) return complain(reply.error().message(), kBad);
  if (reply->status != 200) return complain(error_of(*reply), kBad);
  const std::size_t width = columns_of(STDOUT_FILENO);
  std::string text;
  const Value* events = reply->body.find("events");
  if (events != nullptr && events->array() != nullptr) {
    for (const Value& event : *events->array()) {
      text += asked.has("--json") ? to_json(event) + "\n" : event_line(event, width);
    }
  }
  print(text);
  return 0;
}

}  // namespace bootsman
