#include "shell/fd_watch.h"

#include <sys/epoll.h>

namespace bootsman {

Result<FdWatch> FdWatch::make(uv_loop_t* loop, int fd, std::function<void()> ready) {
  FdWatch watch;
  watch.state_ = std::make_shared<State>(std::move(ready));
  auto poll = make_uv<uv_poll_t>("watch a descriptor", watch.state_.get(),
                                 [&](uv_poll_t* handle) { return uv_poll_init(loop, handle, fd); });
  if (!poll) return fail(std::move(poll).error());
  watch.poll_ = std::move(*poll);
  return watch;
}

FdWatch& FdWatch::operator=(FdWatch&& other) noexcept {
  if (this == &other) return *this;
  poll_ = std::move(other.poll_);
  state_ = std::move(other.state_);
  return *this;
}

// The handle first: closing it needs nothing of the state, but its callback would.
FdWatch::~FdWatch() {
  poll_.reset();
}

void FdWatch::start(int events) {
  if (poll_ == nullptr) return;
  const int status = uv_poll_start(poll_.get(), events, [](uv_poll_t* handle, int, int) {
    auto* state = static_cast<State*>(handle->data);
    if (state == nullptr) return;
    guarded("descriptor", [keep = state->shared_from_this()] { keep->ready(); });
  });
  state_->active = status == 0;
}

void FdWatch::want_readable() {
  start(UV_READABLE);
}
void FdWatch::want_writable() {
  start(UV_WRITABLE);
}

void FdWatch::stop() {
  if (!active()) return;
  uv_poll_stop(poll_.get());
  state_->active = false;
}

SharedWritableWatch::SharedWritableWatch(uv_loop_t* loop, int fd, std::function<void()> ready)
    : fd_(fd), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) return;
  epoll_event event{};
  event.events = EPOLLONESHOT;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    epoll_.reset();
    return;
  }
  auto watch = FdWatch::make(loop, epoll_.get(), [this, ready = std::move(ready)] {
    epoll_event got{};
    ::epoll_wait(epoll_.get(), &got, 1, 0);
    ready();
  });
  if (!watch) {
    epoll_.reset();
    return;
  }
  // All the time: the set says nothing until it is armed, and each change would cost a call.
  watch_ = std::move(*watch);
  watch_.want_readable();
}

void SharedWritableWatch::arm() {
  if (!epoll_) return;
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd_, &event);
}

}  // namespace bootsman
