#include "shell/http_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "shell/http_stream.h"

namespace bootsman {

namespace {

/// Answers gathered before they are written, however many requests came at once.
constexpr std::size_t kBatchMax = 64 * 1024;
/// Bytes that a client may still send after its last answer.
constexpr std::size_t kLingerMax = 256 * 1024;
/// Bytes of further requests that are kept while an answer is not made.
constexpr std::size_t kUnreadMax = 64 * 1024;

/// An answer of more may be refused.
constexpr std::size_t kLarge = 64 * 1024;

struct Write {
  Write() = default;
  Write(const Write&) = delete;
  Write& operator=(const Write&) = delete;
  ~Write() {
    if (total) *total -= bytes.size();
  }
  uv_write_t request{};
  std::string bytes;
  std::shared_ptr<std::size_t> total;  ///< Counts `bytes`.
};

uv_stream_t* stream(uv_tcp_t* socket) {
  return reinterpret_cast<uv_stream_t*>(socket);
}

Response crowded_response() {
  Response response;
  response.status = 503;
  response.body =
      "{\"error\":\"cannot answer now: clients leave too much of their answers untaken; ask for "
      "less, or try again\"}\n";
  return response;
}

Request closing_request() {
  Request request;
  request.keep_alive = false;
  return request;
}

}  // namespace

HttpConnection::HttpConnection(const Shared& shared, LocalDoor door)
    : shared_(shared),
      door_(door),
      parser_(shared.limits.http, door.handler != nullptr ? StreamFilter{} : shared.passing.takes) {
}

HttpConnection::~HttpConnection() = default;

Result<void> HttpConnection::open(int socket) {
  auto made = make_uv<uv_tcp_t>("take a connection", this,
                                [&](uv_tcp_t* tcp) { return uv_tcp_init(shared_.loop, tcp); });
  if (!made) {
    ::close(socket);
    return fail(std::move(made).error());
  }
  socket_ = std::move(*made);
  if (int status = uv_tcp_open(socket_.get(), socket); status < 0) {
    ::close(socket);
    socket_.reset();
    return fail("cannot take a connection: " + uv_reason(status));
  }
  uv_tcp_nodelay(socket_.get(), 1);
  due_in(shared_.limits.request);
  start_reading();
  return {};
}

void HttpConnection::start_reading() {
  const auto allocate = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto* self = static_cast<HttpConnection*>(handle->data);
    *buffer = self == nullptr ? uv_buf_init(nullptr, 0)
                              : uv_buf_init(self->shared_.buffer.data(),
                                            static_cast<unsigned>(self->shared_.buffer.size()));
  };
  uv_read_start(stream(socket_.get()), allocate, &HttpConnection::on_read);
}

void HttpConnection::on_read(uv_stream_t* from, ssize_t count, const uv_buf_t*) {
  if (from->data == nullptr) return;
  const auto self = static_cast<HttpConnection*>(from->data)->shared_from_this();
  if (!guarded("reading a request", [&] { self->read(count); })) self->finish();
}

void HttpConnection::read(ssize_t count) {
  if (count == 0) return;
  if (count < 0) {
    const bool may_still_read = count == UV_EOF && phase_ == Phase::Streaming && stream_->upgraded;
    return may_still_read ? stream_input_ended() : finish();
  }
  if (phase_ == Phase::Streaming && stream_->upgraded) {
    return stream_received({shared_.buffer.data(), static_cast<std::size_t>(count)});
  }
  if (phase_ == Phase::Waiting || phase_ == Phase::Streaming) {
    // Read only to learn that the client is gone.
    unread_.append(shared_.buffer.data(), static_cast<std::size_t>(count));
    if (unread_.size() > kUnreadMax) uv_read_stop(stream(socket_.get()));
    return;
  }
  if (phase_ == Phase::Lingering) {
    dropped_ += static_cast<std::size_t>(count);
    if (dropped_ > kLingerMax) finish();
    return;
  }
  go_on({shared_.buffer.data(), static_cast<std::size_t>(count)});
}

void HttpConnection::go_on(std::string_view bytes) {
  std::string behind;  // What came behind a request that was passed on.
  while (phase_ == Phase::Reading) {
    auto answers = answer(bytes);
    if (passed_ && (answers.empty() || send(std::exchange(answers, {})))) {
      pass_on(std::string(bytes));
      if (phase_ != Phase::Reading) return;
      if (last_) return linger();
      start_reading();
      behind = std::exchange(unread_, {});
      bytes = behind;
      continue;
    }
    if (passed_) {
      unread_.assign(bytes);
      return;
    }
    if (phase_ == Phase::Streaming && stream_->upgraded) return stream_received(bytes);
    if (phase_ == Phase::Waiting || phase_ == Phase::Streaming) {
      unread_.assign(bytes);
      return;
    }
    if (phase_ != Phase::Reading) return;  // The handler closed the server.
    if (answers.empty()) break;
    if (!send(std::move(answers))) {
      unread_.assign(bytes);
      return;
    }
    if (last_) return linger();
  }
  // The time of a request is not prolonged by its bytes, or a client could hold on by one a second.
  if (!in_request_ && !parser_.between_requests()) {
    in_request_ = true;
    due_in(shared_.limits.request);
  }
}

/// The answers to what stands in `bytes`, up to a batch; empty when more must come first.
std::string HttpConnection::answer(std::string_view& bytes) {
  std::string answers;
  while (!last_ && !passed_ && phase_ == Phase::Reading && answers.size() < kBatchMax) {
    auto said = parser_.next(bytes);
    if (std::holds_alternative<NeedMore>(said)) break;
    if (const auto* request = std::get_if<Request>(&said)) {
      early_ = std::move(answers);
      const auto one = answer_one(*request);
      if (phase_ != Phase::Reading) return {};
      answers = std::exchange(early_, {}) + one;
      answered(*request);
    } else if (const auto* refusal = std::get_if<Refusal>(&said)) {
      answers += serialise(plain_response(refusal->status, refusal->why), closing_request());
      last_ = true;
    } else if (auto* streamed = std::get_if<StreamedHead>(&said)) {
      passed_ = std::make_unique<Request>(std::move(streamed->request));
    } else {
      answers += kContinue;
    }
  }
  return answers;
}

/// The bytes of the answer, or none when it does not come at once.
std::string HttpConnection::answer_one(const Request& request) {
  std::string bytes;
  const auto& handler = is_local() ? *door_.handler : shared_.handler;
  if (!guarded("answering a request", [&] {
        auto said = handler(request, door_.peer, Responder(weak_from_this(), ++requests_));
        if (phase_ == Phase::Reading) bytes = take_answer(request, std::move(said));
      })) {
    bytes = serialise(plain_response(500, "this request met a fault of the init; see its log"),
                      request);
  }
  return bytes;
}

std::string HttpConnection::take_answer(const Request& request, Answer answer) {
  if (const auto* now = std::get_if<AnswerNow>(&answer)) {
    const bool crowded =
        now->body.size() > kLarge && *shared_.waiting + now->body.size() > shared_.limits.waiting;
    return serialise(crowded ? crowded_response() : *now, request);
  }
  if (auto* later = std::get_if<AnswerLater>(&answer)) {
    waiting_ = std::make_unique<Request>(request);
    overdue_ = std::move(later->overdue);
    phase_ = Phase::Waiting;
    due_in(later->timeout);
  } else if (auto* pieces = std::get_if<AnswerStream>(&answer)) {
    begin_stream(request, std::move(*pieces));
  } else {
    begin_upgrade(std::get<AnswerUpgrade>(std::move(answer)));
  }
  return {};
}

void HttpConnection::answered(const Request& request) {
  last_ = last_ || !request.keep_alive;
  in_request_ = false;
  due_in(shared_.limits.idle);
}

void HttpConnection::answer_late(std::uint64_t number, Answer answer) {
  if (phase_ != Phase::Waiting || number != requests_) return;
  const auto self = shared_from_this();
  const auto request = std::move(waiting_);
  phase_ = Phase::Reading;
  uv_read_stop(stream(socket_.get()));
  auto bytes = take_answer(*request, std::move(answer));
  if (phase_ != Phase::Reading) return go_on_reading();
  answered(*request);
  if (send(std::exchange(early_, {}) + bytes)) resume();
}

/// Goes on with what came behind the request that is answered now.
void HttpConnection::resume() {
  if (passed_) {
    pass_on(std::exchange(unread_, {}));
    if (phase_ != Phase::Reading) return;
  }
  if (last_) return linger();
  const auto unread = std::exchange(unread_, {});
  go_on(unread);
  go_on_reading();
}

void HttpConnection::go_on_reading() {
  if (phase_ == Phase::Reading || phase_ == Phase::Waiting) return start_reading();
  if (phase_ == Phase::Streaming && !stream_->held) start_reading();
}

/// Writes at once what the kernel takes, and leaves the rest to the loop. True when all is written.
bool HttpConnection::send(std::string bytes) {
  auto whole = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
  const int count = uv_try_write(stream(socket_.get()), &whole, 1);
  if (count < 0 && count != UV_EAGAIN) {
    finish();
    return false;
  }
  const auto taken = static_cast<std::size_t>(count < 0 ? 0 : count);
  if (taken == bytes.size()) return true;

  auto write = std::make_unique<Write>();
  write->bytes = std::move(bytes);
  write->request.data = write.get();
  write->total = shared_.waiting;
  *write->total += write->bytes.size();
  auto rest =
      uv_buf_init(write->bytes.data() + taken, static_cast<unsigned>(write->bytes.size() - taken));
  if (uv_write(&write->request, stream(socket_.get()), &rest, 1, &HttpConnection::on_written) < 0) {
    finish();
    return false;
  }
  write.release();  // on_written frees it, also when the socket is closed before.
  phase_ = Phase::Writing;
  uv_read_stop(stream(socket_.get()));
  due_in(shared_.limits.write);
  return false;
}

void HttpConnection::on_written(uv_write_t* request, int status) {
  const std::unique_ptr<Write> write(static_cast<Write*>(request->data));
  if (request->handle->data == nullptr) return;
  const auto self = static_cast<HttpConnection*>(request->handle->data)->shared_from_this();
  if (!guarded("writing an answer", [&] { self->written(status); })) self->finish();
}

void HttpConnection::written(int status) {
  if (status < 0) return finish();
  phase_ = Phase::Reading;
  if (!last_) due_in(in_request_ ? shared_.limits.request : shared_.limits.idle);
  resume();
}

/// RFC 9112, 9.6: closing with bytes unread would reset the connection and lose the answer.
void HttpConnection::linger() {
  phase_ = Phase::Lingering;
  unread_.clear();
  uv_os_fd_t socket = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(socket_.get()), &socket) == 0) {
    shutdown(socket, SHUT_WR);
  }
  due_in(shared_.limits.linger);
  start_reading();
}

/// `delay` of Millis::max(): never.
void HttpConnection::due_in(Millis delay) {
  since_ = uv_now(shared_.loop);
  deadline_ = delay == Millis::max() ? kNever : since_ + static_cast<std::uint64_t>(delay.count());
  shared_.moved(*this);
}

std::optional<std::uint64_t> HttpConnection::waits_since() const {
  if (phase_ == Phase::Writing || phase_ == Phase::Waiting || phase_ == Phase::Passing) {
    return std::nullopt;
  }
  if (phase_ == Phase::Streaming && (stream_->upgraded || stream_->waiting() > 0)) {
    return std::nullopt;
  }
  return since_;
}

void HttpConnection::time_over() {
  const auto self = shared_from_this();
  if (const auto passage = passage_) return passage->time_over();
  if (phase_ == Phase::Waiting) return answer_late(requests_, Response(overdue_));
  if (phase_ == Phase::Streaming && stream_->over && stream_->waiting() == 0) return stream_over();
  const bool half_sent = phase_ == Phase::Reading && !parser_.between_requests();
  if (!half_sent) return finish();
  last_ = true;
  if (send(serialise(plain_response(408, "the request took too long"), closing_request()))) {
    linger();
  }
}

void HttpConnection::close() {
  phase_ = Phase::Closed;
  stream_.reset();
  if (const auto passage = std::exchange(passage_, nullptr)) passage->close();
  socket_.reset();
}

void HttpConnection::finish() {
  if (phase_ == Phase::Closed) return;
  const auto self = shared_from_this();
  const auto pieces = std::move(stream_);
  close();
  shared_.closed(*this);
  if (pieces && !pieces->over && pieces->events.gone) {
    guarded("ending a stream", [&] { pieces->events.gone(); });
  }
}

}  // namespace bootsman
