#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/types.h"
#include "shell/answer.h"
#include "wire/status_page.h"

namespace bootsman {

/// Keeps the pages of those who look up to date, by server-sent events: all of it when a unit's
/// state has changed, memory and CPU every two seconds. While nobody looks nothing is sampled and
/// no deadline is set. A client that reads too slowly misses some, and gets the whole again.
class StatusFeed {
 public:
  static constexpr std::size_t kWatchersMax = 32;
  static constexpr Millis kUsageEvery{2'000};
  /// The least time between two of all, however much happens.
  static constexpr Millis kStatusEvery{500};

  explicit StatusFeed(std::function<PageView()> view) : view_(std::move(view)) {}

  /// The answer to a client of the page.
  Answer watch(Responder responder);
  /// Gives out what is due. Called at the end of each turn, with the log's latest event.
  void after_turn(MonoTime now, std::uint64_t last_event);
  std::optional<MonoTime> next_deadline() const;

 private:
  struct Watcher {
    Responder responder;
    bool behind = false;  ///< It missed something.
  };
  void tell(const std::string& text, bool whole);

  std::function<PageView()> view_;
  std::vector<Watcher> watchers_;
  std::uint64_t seen_ = 0;  ///< All events up to this one are told of.
  bool pending_ = false;
  MonoTime status_at_{};  ///< When all was last told.
  MonoTime usage_at_{};
};

}  // namespace bootsman
