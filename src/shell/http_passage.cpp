#include <utility>

#include "shell/http_connection.h"
#include "shell/http_stream.h"

// The part of a connection's life in which its request is passed on to an upstream.

namespace bootsman {

/// Comes back at once, in phase Reading, when the passage is over before it has begun.
void HttpConnection::pass_on(std::string unread) {
  phase_ = Phase::Passing;
  uv_read_stop(reinterpret_cast<uv_stream_t*>(socket_.get()));
  const auto head = std::move(passed_);
  PassageStart start;
  start.head = std::move(*head);
  start.socket = std::move(socket_);
  start.parser = &parser_;
  start.unread = std::move(unread);
  start.host.due_in = [this](Millis delay) { due_in(delay); };
  start.host.over = [this](UvPtr<uv_tcp_t> socket, std::string rest, bool last) {
    take_back(std::move(socket), std::move(rest), last);
  };
  const auto passage = shared_.passing.open(std::move(start));
  passage_ = passage;
  pass_begins_ = true;
  passage->begin();
  pass_begins_ = false;
}

void HttpConnection::take_back(UvPtr<uv_tcp_t> socket, std::string unread, bool last) {
  const auto self = shared_from_this();
  passage_.reset();
  if (!socket) return finish();
  socket_ = std::move(socket);
  socket_->data = this;
  phase_ = Phase::Reading;
  last_ = last_ || last;
  in_request_ = false;
  unread_ = std::move(unread);
  due_in(shared_.limits.idle);
  // Else whoever began it goes on, so that many requests in a row don't nest.
  if (!pass_begins_) resume();
}

}  // namespace bootsman
