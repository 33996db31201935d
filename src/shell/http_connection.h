#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "shell/answer.h"
#include "shell/passage.h"
#include "shell/uv.h"
#include "wire/http.h"

namespace bootsman {

struct ServerLimits {
  std::size_t connections = 1024;  ///< Beyond, who waits longest makes room; else 503.
  std::size_t local = 256;         ///< The same for local clients, beside those.
  Millis request{10'000};          ///< From accept or a request's first byte to its last.
  Millis idle{75'000};             ///< Between requests.
  Millis write{30'000};            ///< For a client to take an answer.
  Millis linger{2'000};            ///< After the last answer, for the client to close first.
  /// Bytes of an answer in pieces that may wait for their client.
  std::size_t stream = 256 * 1024;
  /// Bytes of all answers that may wait for their clients; a large one beyond that is refused.
  std::size_t waiting = 16 * 1024 * 1024;
  HttpLimits http;
};

/// Where a connection came in, and so who answers it: each listener's clients see its routes only.
struct LocalDoor {
  const HttpHandler* handler = nullptr;  ///< Null: not local, the server's own handler answers.
  Peer peer;
};

struct HttpStream;

/// One client of the HTTP server. Reads, asks the handler, writes, in this order only: while an
/// answer is not made or not taken, the next request waits. While an answer comes in pieces, or by
/// another protocol, the connection belongs to its Responder (http_stream.cpp).
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  /// What all connections of a server share. Outlives them.
  struct Shared {
    uv_loop_t* loop;
    HttpHandler handler;
    ServerLimits limits;
    std::span<char> buffer;  ///< Read into, and used up before the next read.
    Passing passing;         ///< Of requests that did not come by a local door.
    /// deadline() is another.
    std::function<void(HttpConnection&)> moved;
    /// The connection is over; the owner lets go of it.
    std::function<void(HttpConnection&)> closed;
    /// Bytes that wait for their clients. Shared with writes, which outlive connections.
    std::shared_ptr<std::size_t> waiting = std::make_shared<std::size_t>(0);
  };

  explicit HttpConnection(const Shared& shared, LocalDoor door = {});
  ~HttpConnection();

  bool is_local() const { return door_.handler != nullptr; }
  /// Its request is with an upstream.
  bool is_passing() const { return phase_ == Phase::Passing; }

  /// Takes over a connected, non-blocking stream socket; closes it when that fails.
  Result<void> open(int socket);

  /// A deadline that never comes.
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
  /// Time of the loop in ms at which time_over() is due; kNever while an answer in pieces waits for
  /// its next one.
  std::uint64_t deadline() const { return deadline_; }
  /// Time of the loop in ms since which this client has been waited for: it is idle, half-way
  /// through a request, slow to close, or follows a stream. Nothing while it takes an answer, waits
  /// for one, or speaks another protocol.
  std::optional<std::uint64_t> waits_since() const;
  /// Ends what took too long: a request half sent is answered with 408.
  void time_over();
  /// Ends the connection and tells whoever streams to it.
  void drop() { finish(); }

  // What Responder does; nothing when the request of this number is not under way.
  void answer_late(std::uint64_t request, Answer answer);
  bool waits_for(std::uint64_t request) const {
    return (phase_ == Phase::Waiting || streams(request)) && request == requests_;
  }
  bool write_piece(std::uint64_t request, std::string_view bytes);
  std::size_t room_for(std::uint64_t request) const;
  void end_stream(std::uint64_t request);
  void hold_reading(std::uint64_t request, bool on);
  /// Closes at once. Nothing is called afterwards. May be called twice.
  void close();

 private:
  enum class Phase : std::uint8_t {
    Reading,
    Waiting,
    Writing,
    Streaming,
    Passing,
    Lingering,
    Closed,
  };

  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  void read(ssize_t count);
  void written(int status);
  void go_on(std::string_view bytes);
  std::string answer(std::string_view& bytes);
  std::string answer_one(const Request& request);
  std::string take_answer(const Request& request, Answer answer);
  void answered(const Request& request);
  void resume();
  void go_on_reading();
  bool streams(std::uint64_t request) const;
  void begin_stream(const Request& request, AnswerStream answer);
  void begin_upgrade(AnswerUpgrade answer);
  void pump();
  void pumped(int status);
  static void on_pumped(uv_write_t* request, int status);
  void stream_received(std::string_view bytes);
  void stream_input_ended();
  void stream_over();
  void pass_on(std::string unread);
  void take_back(UvPtr<uv_tcp_t> socket, std::string unread, bool last);
  bool send(std::string bytes);
  void linger();
  void start_reading();
  void due_in(Millis delay);
  void finish();

  const Shared& shared_;
  const LocalDoor door_;
  UvPtr<uv_tcp_t> socket_;  ///< Over a unix socket too: libuv's streams are alike.
  RequestParser parser_;
  Phase phase_ = Phase::Reading;
  bool in_request_ = true;      ///< The time of a request runs.
  bool last_ = false;           ///< No request is read after this answer.
  std::string unread_;          ///< Came behind a request whose answer is not made or taken yet.
  std::uint64_t requests_ = 0;  ///< Counts the requests, so that a late answer fits only its own.
  std::unique_ptr<Request> waiting_;    ///< The request that waits for its answer.
  std::string early_;                   ///< Answers to those before it, not sent yet.
  std::unique_ptr<HttpStream> stream_;  ///< In phase Streaming.
  Response overdue_;                    ///< Its answer when none comes in time.
  std::unique_ptr<Request> passed_;     ///< The head of a request that is to be passed on.
  std::shared_ptr<Passage> passage_;    ///< In phase Passing.
  bool pass_begins_ = false;
  std::size_t dropped_ = 0;
  std::uint64_t since_ = 0;  ///< When the deadline was set.
  std::uint64_t deadline_ = 0;
};

}  // namespace bootsman
