#include <algorithm>
#include <deque>

#include "base/json.h"
#include "wire/api.h"

// What the log ring remembers, as the API gives it out.

namespace bootsman {

namespace {

struct Found {
  std::uint32_t writer;
  RingLine line;
};

std::vector<std::uint32_t> writers_of(const LogQuery& query, const Plan& plan) {
  if (!query.writers.empty()) return query.writers;
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i <= plan.units.size(); ++i) all.push_back(i);
  return all;
}

/// One writer's lines: the first after a number, or the last ones.
void collect(const LogQuery& query, const LogRing& ring, std::uint32_t writer,
             std::vector<Found>& out) {
  std::deque<RingLine> lines;
  ring.each(writer, query.after.value_or(0), [&](const RingLine& line) {
    if (line.wall_us < query.since_us) return;
    if (query.after && lines.size() == query.lines) return;
    lines.push_back(line);
    if (lines.size() > query.lines) lines.pop_front();
  });
  for (const RingLine& line : lines) out.push_back({writer, line});
}

/// In the order of their coming, cut to the limits of one answer.
std::vector<Found> find_lines(const LogQuery& query, const ApiView& view) {
  std::vector<Found> found;
  for (const std::uint32_t writer : writers_of(query, view.plan)) {
    collect(query, view.ring, writer, found);
  }
  std::ranges::sort(found, {}, [](const Found& one) { return one.line.sequence; });
  // Where a client goes on the oldest count, else the newest.
  if (!query.after) std::ranges::reverse(found);
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < std::min(found.size(), query.lines) && bytes < kLogBytesMax) {
    bytes += found[count++].line.text.size();
  }
  found.erase(found.begin() + static_cast<std::ptrdiff_t>(count), found.end());
  if (!query.after) std::ranges::reverse(found);
  return found;
}

Value to_value(const Found& found, const Plan& plan) {
  Value line;
  line.set("sequence", static_cast<std::int64_t>(found.line.sequence));
  line.set("time_us", found.line.wall_us);
  line.set("unit", found.writer == 0 ? "bootsman" : plan.units[found.writer - 1].id());
  line.set("run", static_cast<std::int64_t>(found.line.run));
  line.set("stream", found.line.is_stderr ? "stderr" : "stdout");
  if (found.line.continues) line.set("continues", true);
  line.set("text", found.line.text);
  return line;
}

}  // namespace

Response log_response(const LogQuery& query, const ApiView& view) {
  const auto found = find_lines(query, view);
  Value::Array lines;
  for (const Found& one : found) lines.push_back(to_value(one, view.plan));
  Value answer;
  // Without a line the client goes on where it was; a first question goes on after all there is.
  const auto next =
      found.empty() ? query.after.value_or(view.ring.last_sequence()) : found.back().line.sequence;
  answer.set("lines", std::move(lines));
  answer.set("next", static_cast<std::int64_t>(next));
  Response response;
  response.body = to_json(answer) + "\n";
  return response;
}

bool has_lines(const LogQuery& query, const ApiView& view) {
  if (query.after && view.ring.last_sequence() <= *query.after) return false;
  LogQuery one = query;
  one.lines = 1;
  return !find_lines(one, view).empty();
}

}  // namespace bootsman
