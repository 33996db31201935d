#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/types.h"
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
  HttpLimits http;
};

using HttpHandler = std::function<Response(const Request&)>;

class HttpConnection;

/// The process at the other end of a unix socket, as SO_PEERCRED tells it.
struct Peer {
  std::uint32_t uid = 0;
  int pid = 0;  ///< 0: of another PID namespace.
};

/// Answers one request later; to be copied and kept. Does nothing once the client is gone, the
/// request was answered, or its time was over.
class Responder {
 public:
  Responder() = default;
  Responder(std::weak_ptr<HttpConnection> connection, std::uint64_t request)
      : connection_(std::move(connection)), request_(request) {}

  void answer(const Response& response) const;
  /// Whether somebody still waits for the answer.
  bool wanted() const;

 private:
  std::weak_ptr<HttpConnection> connection_;
  std::uint64_t request_ = 0;
};

/// What a handler says when the answer comes later.
struct AnswerLater {
  Millis timeout{30'000};
  Response overdue;  ///< The answer when none came in that time.
};
using AnswerNow = Response;

/// Called on the loop for each request of a local client.
using LocalHandler =
    std::function<std::variant<AnswerNow, AnswerLater>(const Request&, const Peer&, Responder)>;

/// Where a connection came in, and so who answers it: each listener's clients see its routes only.
struct LocalDoor {
  const LocalHandler* handler = nullptr;  ///< Null: not local, the server's HttpHandler answers.
  Peer peer;
};

/// One client of the HTTP server. Reads, asks the handler, writes, in this order only: while an
/// answer is not made or not taken, the next request waits.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  /// What all connections of a server share. Outlives them.
  struct Shared {
    uv_loop_t* loop;
    HttpHandler handler;
    ServerLimits limits;
    std::span<char> buffer;  ///< Read into, and used up before the next read.
    /// deadline() is another.
    std::function<void(HttpConnection&)> moved;
    /// The connection is over; the owner lets go of it.
    std::function<void(HttpConnection&)> closed;
  };

  explicit HttpConnection(const Shared& shared, LocalDoor door = {})
      : shared_(shared), door_(door), parser_(shared.limits.http) {}

  bool is_local() const { return door_.handler != nullptr; }

  /// Takes over a connected, non-blocking stream socket; closes it when that fails.
  Result<void> open(int socket);

  /// Time of the loop in ms at which time_over() is due.
  std::uint64_t deadline() const { return deadline_; }
  /// Time of the loop in ms since which this client has been waited for: it is idle, half-way
  /// through a request, or slow to close. Nothing while it takes an answer, or waits for one.
  std::optional<std::uint64_t> waits_since() const;
  /// Ends what took too long: a request half sent is answered with 408.
  void time_over();
  /// Gives the answer that the request of this number waits for; nothing when none does.
  void answer_late(std::uint64_t request, const Response& response);
  bool waits_for(std::uint64_t request) const {
    return phase_ == Phase::Waiting && request == requests_;
  }
  /// Closes at once. Nothing is called afterwards. May be called twice.
  void close();

 private:
  enum class Phase : std::uint8_t { Reading, Waiting, Writing, Lingering, Closed };

  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  void read(ssize_t count);
  void written(int status);
  void go_on(std::string_view bytes);
  std::string answer(std::string_view& bytes);
  std::string answer_one(const Request& request);
  std::string answer_local(const Request& request);
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
  std::unique_ptr<Request> waiting_;  ///< The request that waits for its answer.
  std::string early_;                 ///< Answers to those before it, not sent yet.
  Response overdue_;                  ///< Its answer when none comes in time.
  std::size_t dropped_ = 0;
  std::uint64_t since_ = 0;  ///< When the deadline was set.
  std::uint64_t deadline_ = 0;
};

}  // namespace bootsman
