#include "shell/status_feed.h"

#include <algorithm>
#include <utility>

namespace bootsman {

Answer StatusFeed::watch(Responder responder) {
  if (watchers_.size() >= kWatchersMax) {
    auto refused = plain_response(503, "too many look at the page");
    refused.headers.push_back({"Retry-After", "10"});
    return refused;
  }
  const PageView view = view_();
  if (watchers_.empty()) {
    status_at_ = usage_at_ = view.now;
    seen_ = view.events.last_sequence();
  }
  watchers_.push_back({std::move(responder)});
  AnswerStream answer;
  answer.head.content_type = "text/event-stream";
  answer.head.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  answer.head.body = "retry: 2000\n\n" + status_event(view);
  return answer;
}

void StatusFeed::tell(const std::string& text, bool whole) {
  for (Watcher& watcher : watchers_) {
    const bool fits = watcher.responder.room() >= text.size() && watcher.responder.write(text);
    if (!fits) watcher.behind = true;
    if (fits && whole) watcher.behind = false;
  }
}

void StatusFeed::after_turn(MonoTime now, std::uint64_t last_event) {
  if (watchers_.empty()) return;
  std::erase_if(watchers_, [](const Watcher& watcher) { return !watcher.responder.wanted(); });
  if (watchers_.empty()) return;
  const bool behind = std::ranges::any_of(watchers_, &Watcher::behind);
  pending_ = last_event != seen_ || behind;
  if (pending_ && now - status_at_ >= kStatusEvery) {
    seen_ = last_event;
    status_at_ = usage_at_ = now;
    tell(status_event(view_()), true);
    pending_ = false;
  } else if (now - usage_at_ >= kUsageEvery) {
    usage_at_ = now;
    tell(usage_event(view_()), false);
  }
}

std::optional<MonoTime> StatusFeed::next_deadline() const {
  if (watchers_.empty()) return std::nullopt;
  const MonoTime usage = usage_at_ + kUsageEvery;
  return pending_ ? std::min(usage, status_at_ + kStatusEvery) : usage;
}

}  // namespace bootsman
