#pragma once

#include <functional>

#include "shell/uv.h"
#include "sys/fd.h"

namespace bootsman {

/// Calls back when a descriptor of ours can be read or written (level-triggered). Borrows the
/// descriptor, which must be non-blocking and stay open until stop() or destruction: that takes it
/// out of epoll, which matters since children that have not exec'd yet hold copies of it.
class FdWatch {
 public:
  static Result<FdWatch> make(uv_loop_t* loop, int fd, std::function<void()> ready);

  FdWatch() = default;
  FdWatch(FdWatch&&) noexcept = default;
  FdWatch& operator=(FdWatch&& other) noexcept;
  ~FdWatch();

  void want_readable();
  void want_writable();
  void stop();
  bool active() const { return state_ != nullptr && state_->active; }

 private:
  /// Shared, so that a callback may destroy the watch that it came from.
  struct State : std::enable_shared_from_this<State> {
    explicit State(std::function<void()> callback) : ready(std::move(callback)) {}
    std::function<void()> ready;
    bool active = false;
  };
  void start(int events);
  std::shared_ptr<State> state_;
  UvPtr<uv_poll_t> poll_;
};

/// Calls back once when a descriptor that others hold too (the inherited stdout) takes bytes again.
/// uv_poll would make the open file non-blocking for all its holders, so it watches an epoll set of
/// our own that holds it.
class SharedWritableWatch {
 public:
  SharedWritableWatch(uv_loop_t* loop, int fd, std::function<void()> ready);
  /// Nothing to watch: a regular file always takes bytes.
  bool possible() const { return static_cast<bool>(epoll_); }
  void arm();

 private:
  int fd_;
  UniqueFd epoll_;
  FdWatch watch_;
};

}  // namespace bootsman
