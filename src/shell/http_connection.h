#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "shell/uv.h"
#include "wire/http.h"

namespace bootsman {

struct ServerLimits {
  std::size_t connections = 1024;  ///< Beyond, who waits longest makes room; else 503.
  Millis request{10'000};          ///< From accept or a request's first byte to its last.
  Millis idle{75'000};             ///< Between requests.
  Millis write{30'000};            ///< For a client to take an answer.
  Millis linger{2'000};            ///< After the last answer, for the client to close first.
  HttpLimits http;
};

using HttpHandler = std::function<Response(const Request&)>;

/// One client of the HTTP server. Reads, asks the handler, writes, in this order only: while an
/// answer is not taken, nothing further is read.
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

  explicit HttpConnection(const Shared& shared) : shared_(shared), parser_(shared.limits.http) {}

  /// Takes over a connected, non-blocking socket; closes it when that fails.
  Result<void> open(int socket);

  /// Time of the loop in ms at which time_over() is due.
  std::uint64_t deadline() const { return deadline_; }
  /// Time of the loop in ms since which this client has been waited for: it is idle, half-way
  /// through a request, or slow to close. Nothing while it takes an answer.
  std::optional<std::uint64_t> waits_since() const;
  /// Ends what took too long: a request half sent is answered with 408.
  void time_over();
  /// Closes at once. Nothing is called afterwards. May be called twice.
  void close();

 private:
  enum class Phase : std::uint8_t { Reading, Writing, Lingering, Closed };

  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  void read(ssize_t count);
  void written(int status);
  void go_on(std::string_view bytes);
  std::string answer(std::string_view& bytes);
  std::string answer_one(const Request& request);
  bool send(std::string bytes);
  void linger();
  void start_reading();
  void due_in(Millis delay);
  void finish();

  const Shared& shared_;
  UvPtr<uv_tcp_t> socket_;
  RequestParser parser_;
  Phase phase_ = Phase::Reading;
  bool in_request_ = true;  ///< The time of a request runs.
  bool last_ = false;       ///< No request is read after this answer.
  std::string unread_;      ///< Came behind a request whose answer is not taken yet.
  std::size_t dropped_ = 0;
  std::uint64_t since_ = 0;  ///< When the deadline was set.
  std::uint64_t deadline_ = 0;
};

}  // namespace bootsman
