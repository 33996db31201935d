#include "shell/event_feed.h"

#include <utility>

namespace bootsman {

namespace {

/// Bytes that go out together.
constexpr std::size_t kBatch = 16 * 1024;

}  // namespace

Answer EventFeed::watch(EventQuery query, Responder responder) {
  std::erase_if(watchers_, [](const Watcher& one) { return !one.responder.wanted(); });
  Watcher watcher{std::move(query), std::move(responder), 0};
  watcher.at = watcher.query.begin(log_);
  AnswerStream answer;
  answer.head.content_type = "text/event-stream";
  answer.head.headers.push_back({"Cache-Control", "no-store"});
  answer.head.body = next_text(watcher);
  behind_ = behind_ || watcher.at < log_.last_sequence();
  watchers_.push_back(std::move(watcher));
  return answer;
}

/// The next batch for this client, and its new place.
std::string EventFeed::next_text(Watcher& watcher) const {
  std::string text;
  if (watcher.at < log_.forgotten()) {
    text = lost_events_text(log_.forgotten() - watcher.at);
    watcher.at = log_.forgotten();
  }
  log_.each(watcher.at, [&](const EventRecord& event) {
    if (text.size() >= kBatch) return;
    watcher.at = event.sequence;
    if (watcher.query.wants(event)) text += event_text(event);
  });
  return text;
}

void EventFeed::after_turn() {
  if (watchers_.empty() || (!behind_ && log_.last_sequence() == seen_)) return;
  seen_ = log_.last_sequence();
  behind_ = false;
  std::erase_if(watchers_, [&](Watcher& watcher) {
    while (watcher.at < seen_ && watcher.responder.room() >= kBatch) {
      watcher.responder.write(next_text(watcher));
    }
    behind_ = behind_ || watcher.at < seen_;
    return !watcher.responder.wanted();
  });
}

}  // namespace bootsman
