#include <algorithm>

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
             LogRing::Unpacked& unpacked, std::vector<Found>& out) {
  std::size_t lines = 0;
  std::size_t bytes = 0;
  const auto take = [&](const RingLine& line) {
    if (lines == query.lines || bytes >= kLogBytesMax) return false;
    if (line.wall_us < query.since_us) return true;
    ++lines;
    bytes += line.text.size();
    out.push_back({writer, line});
    return true;
  };
  if (query.after)
    ring.each(writer, *query.after, unpacked, take);
  else
    ring.each_newest(writer, query.since_us, unpacked, take);
}

/// Whether lines that the client has not seen yet are forgotten already.
bool has_lost(const LogQuery& query, const ApiView& view) {
  return query.after && std::ranges::any_of(writers_of(query, view.plan), [&](std::uint32_t writer) {
           return view.ring.last_forgotten(writer) > *query.after;
         });
}

/// In the order of their coming, cut to the limits of one answer.
std::vector<Found> find_lines(const LogQuery& query, const ApiView& view,
                              LogRing::Unpacked& unpacked) {
  std::vector<Found> found;
  for (const std::uint32_t writer : writers_of(query, view.plan)) {
    collect(query, view.ring, writer, unpacked, found);
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
  LogRing::Unpacked unpacked;
  const auto found = find_lines(query, view, unpacked);
  Value::Array lines;
  for (const Found& one : found) lines.push_back(to_value(one, view.plan));
  Value answer;
  // Without a line the client goes on where it was; a first question goes on after all there is.
  const auto next =
      found.empty() ? query.after.value_or(view.ring.last_sequence()) : found.back().line.sequence;
  answer.set("lines", std::move(lines));
  answer.set("next", static_cast<std::int64_t>(next));
  if (has_lost(query, view)) answer.set("lost", true);
  Response response;
  response.body = to_json(answer) + "\n";
  return response;
}

bool has_lines(const LogQuery& query, const ApiView& view) {
  if (query.after && view.ring.last_sequence() <= *query.after) return false;
  LogQuery one = query;
  one.lines = 1;
  LogRing::Unpacked unpacked;
  return !find_lines(one, view, unpacked).empty();
}

}  // namespace bootsman
