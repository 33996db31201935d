#include "shell/http_stream.h"
#include "shell/http_connection.h"

#include <algorithm>
#include <utility>

// The part of a connection's life in which its answer comes in pieces.

namespace bootsman {

namespace {

struct PieceWrite {
  uv_write_t request{};
  std::string bytes;
};

uv_stream_t* stream(uv_tcp_t* socket) {
  return reinterpret_cast<uv_stream_t*>(socket);
}

}  // namespace

void HttpConnection::begin_stream(const Request& request, AnswerStream answer) {
  auto head = stream_head(answer.head, request, answer.length);
  stream_ = std::make_unique<HttpStream>();
  stream_->events = std::move(answer.events);
  stream_->framing = head.framing;
  stream_->left = answer.length.value_or(0);
  stream_->silent = request.method == "HEAD";
  stream_->keep_alive = request.keep_alive && head.framing != StreamFraming::UntilClose;
  stream_->pending = std::exchange(early_, {}) + head.bytes;
  phase_ = Phase::Streaming;
  // The kernel finds out about a TCP client that vanished without a word.
  uv_tcp_keepalive(socket_.get(), 1, 60);
  write_piece(requests_, answer.head.body);
  pump();
}

void HttpConnection::begin_upgrade(AnswerUpgrade answer) {
  stream_ = std::make_unique<HttpStream>();
  stream_->events = std::move(answer.events);
  stream_->upgraded = true;
  stream_->pending = std::exchange(early_, {}) + upgrade_head(answer.head, answer.protocol);
  phase_ = Phase::Streaming;
  uv_tcp_keepalive(socket_.get(), 1, 60);
  write_piece(requests_, answer.head.body);
  pump();
}

bool HttpConnection::streams(std::uint64_t request) const {
  return phase_ == Phase::Streaming && request == requests_ && !stream_->over;
}

std::size_t HttpConnection::room_for(std::uint64_t request) const {
  if (!streams(request)) return 0;
  const auto most = shared_.limits.stream;
  return most - std::min(most, stream_->waiting());
}

/// Nothing of the owner's is called from here: an end of the connection comes by its deadline, in a
/// later turn of the loop.
bool HttpConnection::write_piece(std::uint64_t request, std::string_view bytes) {
  if (!streams(request)) return false;
  if (stream_->silent || bytes.empty()) return true;
  // What begins within the limit is taken whole, or a large piece could never be sent.
  if (stream_->waiting() >= shared_.limits.stream) {
    due_in(Millis{0});
    return false;
  }
  if (stream_->framing == StreamFraming::Chunked && !stream_->upgraded) {
    stream_->pending += chunk(bytes);
  } else {
    if (stream_->framing == StreamFraming::Counted) {
      bytes = bytes.substr(
          0, static_cast<std::size_t>(std::min<std::uint64_t>(stream_->left, bytes.size())));
      stream_->left -= bytes.size();
    }
    stream_->pending += bytes;
  }
  pump();
  return true;
}

/// Has the loop write what waits. One write at a time, so that what comes meanwhile goes together.
void HttpConnection::pump() {
  if (stream_->under_way > 0 || stream_->pending.empty()) return;
  auto write = std::make_unique<PieceWrite>();
  write->bytes = std::exchange(stream_->pending, {});
  write->request.data = write.get();
  auto buffer = uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  const auto size = write->bytes.size();
  if (uv_write(&write->request, stream(socket_.get()), &buffer, 1, &HttpConnection::on_pumped) <
      0) {
    return due_in(Millis{0});
  }
  write.release();  // on_pumped frees it, also when the socket is closed before.
  stream_->under_way = size;
  due_in(shared_.limits.write);
}

void HttpConnection::on_pumped(uv_write_t* request, int status) {
  const std::unique_ptr<PieceWrite> write(static_cast<PieceWrite*>(request->data));
  if (request->handle->data == nullptr) return;
  const auto self = static_cast<HttpConnection*>(request->handle->data)->shared_from_this();
  if (!guarded("writing a stream", [&] { self->pumped(status); })) self->finish();
}

void HttpConnection::pumped(int status) {
  if (phase_ != Phase::Streaming) return;
  if (status < 0) return finish();
  stream_->under_way = 0;
  if (!stream_->pending.empty()) return pump();
  due_in(Millis::max());
  if (stream_->over) return stream_over();
  if (stream_->events.drained) stream_->events.drained();
}

void HttpConnection::stream_received(std::string_view bytes) {
  if (bytes.empty() || stream_->over) return;
  // Kept here, since the owner may end the stream in the call.
  const auto received = stream_->events.received;
  if (received) received(bytes);
}

void HttpConnection::stream_input_ended() {
  stream_->input_ended = true;
  if (stream_->over) return;
  const auto ended = stream_->events.ended;
  if (ended) ended();
}

void HttpConnection::hold_reading(std::uint64_t request, bool on) {
  if (!streams(request) || !stream_->upgraded || stream_->held == on) return;
  stream_->held = on;
  if (on) {
    uv_read_stop(stream(socket_.get()));
  } else if (!stream_->input_ended) {
    start_reading();
  }
}

void HttpConnection::end_stream(std::uint64_t request) {
  if (!streams(request)) return;
  const bool cut = stream_->framing == StreamFraming::Counted && stream_->left > 0;
  if (cut && !stream_->silent) {
    // The client must not take the next answer for the rest of this one.
    stream_->keep_alive = false;
  }
  if (stream_->framing == StreamFraming::Chunked && !stream_->silent && !stream_->upgraded) {
    stream_->pending += kLastChunk;
  }
  stream_->over = true;
  // Then in pumped(), or now by the deadline: whoever ends a stream is not called back from here.
  if (stream_->waiting() == 0) return due_in(Millis{0});
  pump();
}

/// All of it is written.
void HttpConnection::stream_over() {
  const bool upgraded = stream_->upgraded;
  const bool input_ended = stream_->input_ended;
  last_ = last_ || !stream_->keep_alive;
  stream_.reset();
  phase_ = Phase::Reading;
  in_request_ = false;
  due_in(shared_.limits.idle);
  if (upgraded && input_ended) return finish();
  uv_read_stop(stream(socket_.get()));
  resume();
}

void Responder::answer(Answer answer) const {
  if (const auto connection = connection_.lock()) {
    connection->answer_late(request_, std::move(answer));
  }
}

bool Responder::wanted() const {
  const auto connection = connection_.lock();
  return connection != nullptr && connection->waits_for(request_);
}

bool Responder::write(std::string_view bytes) const {
  const auto connection = connection_.lock();
  return connection != nullptr && connection->write_piece(request_, bytes);
}

std::size_t Responder::room() const {
  const auto connection = connection_.lock();
  return connection == nullptr ? 0 : connection->room_for(request_);
}

void Responder::end() const {
  if (const auto connection = connection_.lock()) connection->end_stream(request_);
}

void Responder::hold(bool on) const {
  if (const auto connection = connection_.lock()) connection->hold_reading(request_, on);
}

}  // namespace bootsman
