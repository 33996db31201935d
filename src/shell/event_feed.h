#pragma once

#include <cstdint>
#include <vector>

#include "shell/answer.h"
#include "wire/event_log.h"

namespace bootsman {

/// Streams the events of a log to any number of clients. None has a queue of its own: each stands
/// somewhere in the log, and goes on when it has room; one that is so slow that the log has
/// forgotten what comes next is told how much it missed.
class EventFeed {
 public:
  /// Borrows the log.
  explicit EventFeed(const EventLog& log) : log_(log) {}

  /// The answer to a client that asked for events.
  Answer watch(EventQuery query, Responder responder);
  /// Gives out what this turn brought. Called at the end of each turn.
  void after_turn();
  /// Whether anybody looks on.
  bool watched() const { return !watchers_.empty(); }

 private:
  struct Watcher {
    EventQuery query;
    Responder responder;
    std::uint64_t at = 0;  ///< All up to this event are given out.
  };
  std::string next_text(Watcher& watcher) const;

  const EventLog& log_;
  std::vector<Watcher> watchers_;
  std::uint64_t seen_ = 0;
  bool behind_ = false;  ///< A watcher had no room for all.
};

}  // namespace bootsman
