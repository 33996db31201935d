#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "plan/plan.h"
#include "shell/http_connection.h"
#include "sys/fd.h"

namespace bootsman {

/// The HTTP server of PID 1, on its loop. Never blocks, and costs nothing while no client is
/// there; with clients that only hold on, it wakes once per deadline that passes. Clients that hold
/// on can't keep others out: at the limit, who has been waited for longest is dropped, so that a
/// probe is answered however many connections somebody opens and leaves. SIGPIPE must be
/// ignored or blocked by the process. The loop must turn once more after close().
class HttpServer {
 public:
  struct Counts {
    std::size_t open = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;    ///< No room, or no file descriptor.
    std::uint64_t displaced = 0;  ///< Ended to make room for another.
    std::uint64_t timed_out = 0;  ///< Idle keep-alive connections included.
  };

  /// The handler is called on the loop for each request; what it throws becomes a 500.
  HttpServer(uv_loop_t* loop, HttpHandler handler, ServerLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Starts to listen there, beside other addresses; an IPv6 address takes IPv6 clients only.
  /// Returns the port, which the kernel chose when `port` was 0. After an error the caller may try
  /// again later.
  Result<std::uint16_t> listen(const ListenAddress& address);

  /// Takes clients from this listening unix socket too; each request of theirs goes to `handler`,
  /// never to the handler of the TCP port. They have places of their own (ServerLimits::local).
  Result<void> listen_local(UniqueFd listening, HttpHandler handler);

  /// Lets somebody pass requests of TCP clients on to upstreams. They take no place of those whom
  /// the handler answers. Before listen().
  void pass_on(Passing passing) { shared_.passing = std::move(passing); }

  /// Stops listening and drops all clients. May be called twice.
  void close();

  const Counts& counts() const { return counts_; }
  /// So much waits for clients that do not take it that large answers should not be made.
  bool crowded() const { return *shared_.waiting > shared_.limits.waiting / 2; }

 private:
  struct Listener;

  static void on_acceptable(uv_poll_t* poll, int status, int events);
  Result<std::uint16_t> listen_on_file(const std::string& path, const std::string& what);
  void accept_some(Listener& listener);
  bool accept_failed(Listener& listener, int error);
  Result<void> add(const std::string& what, std::unique_ptr<Listener> listener);
  void take(const Listener& listener, int socket);
  bool has_room(bool local) const;
  bool make_room(bool local);
  void pause(Listener& listener);
  void resume();
  void arm(std::uint64_t at);
  void on_time();
  void arm_for_next();

  HttpConnection::Shared shared_;
  std::unique_ptr<std::array<char, 16 * 1024>> buffer_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_;
  UvPtr<uv_timer_t> timer_;
  std::uint64_t armed_at_ = 0;   ///< 0: not armed.
  std::uint64_t resume_at_ = 0;  ///< 0: no listener is paused.
  Counts counts_;
};

}  // namespace bootsman
