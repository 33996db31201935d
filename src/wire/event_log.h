#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "core/messages.h"

namespace bootsman {

/// One thing that happened, as people and their programs are told of it. Free of secrets and of the
/// units' output.
struct EventRecord {
  std::uint64_t sequence = 0;  ///< Counts all events, from 1.
  std::int64_t wall_us = 0;    ///< Microseconds since 1970, UTC.
  /// "state", "unhealthy", "healthy", "out-of-memory", "boot-done", "stopping", "command", …
  std::string type;
  std::string unit;  ///< Its id; empty: of the whole container.
  std::string from;  ///< Of "state": the states' names.
  std::string to;
  std::string why;  ///< A sentence, or empty.
};

/// The record of what the core tells; its sequence and time are the log's to give.
EventRecord event_record(const Happened& happened, const Plan& plan);

/// {"sequence", "time_us", "type", "unit", "from", "to", "why"}; what is empty is left out.
Value event_value(const EventRecord& event);
/// The same as one event of a stream (HTML, 9.2 Server-sent events): id, event and data.
std::string event_text(const EventRecord& event);
/// Tells the reader of a stream that it was too slow for so many events.
std::string lost_events_text(std::uint64_t count);

/// The latest events; and those of the boot, which are kept beside them.
class EventLog {
 public:
  static constexpr std::size_t kKept = 1024;
  /// Events of the boot beyond that are not kept for it.
  static constexpr std::size_t kBootMax = 8192;

  explicit EventLog(std::size_t kept = kKept) : kept_(kept) {}

  void add(EventRecord event, std::int64_t wall_us);
  std::uint64_t last_sequence() const { return sequence_; }
  /// All until the first "boot-done", and it.
  const std::deque<EventRecord>& boot() const { return boot_; }
  bool boot_done() const { return boot_done_; }
  /// How many events are forgotten.
  std::uint64_t forgotten() const { return sequence_ - events_.size(); }

  /// Calls visit(const EventRecord&) for the remembered events after that sequence number, in
  /// order.
  template <class Visit>
  void each(std::uint64_t after, Visit&& visit) const {
    const std::uint64_t skip = after > forgotten() ? after - forgotten() : 0;
    for (std::size_t i = static_cast<std::size_t>(skip); i < events_.size(); ++i) visit(events_[i]);
  }

 private:
  std::size_t kept_;
  std::uint64_t sequence_ = 0;
  std::deque<EventRecord> events_;
  std::deque<EventRecord> boot_;
  bool boot_done_ = false;
};

/// Asks for events.
struct EventQuery {
  std::vector<std::string> units;  ///< Ids; all when empty. Events of the container always count.
  std::size_t count = 0;           ///< How many of the latest, unless `after` says where to begin.
  std::optional<std::uint64_t> after;
  bool follow = true;  ///< Go on with those that come.

  bool wants(const EventRecord& event) const;
  /// The sequence number after which to begin.
  std::uint64_t begin(const EventLog& log) const;
};

}  // namespace bootsman
