#include "shell/relay_end.h"

#include <sys/socket.h>

#include <utility>

namespace bootsman {

namespace {

struct RelayWrite {
  uv_write_t request{};
  std::string bytes;
};

}  // namespace

void RelayEnd::take(UvPtr<uv_tcp_t> socket) {
  socket_ = std::move(socket);
  socket_->data = this;
}

UvPtr<uv_tcp_t> RelayEnd::release() {
  read(false);
  return std::move(socket_);
}

void RelayEnd::read(bool on) {
  if (!socket_ || on == reading_) return;
  reading_ = on;
  if (!on) {
    uv_read_stop(stream());
    return;
  }
  const auto allocate = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto* self = static_cast<RelayEnd*>(handle->data);
    *buffer = self == nullptr
                  ? uv_buf_init(nullptr, 0)
                  : uv_buf_init(self->buffer_.data(), static_cast<unsigned>(self->buffer_.size()));
  };
  uv_read_start(stream(), allocate, &RelayEnd::on_read);
}

void RelayEnd::on_read(uv_stream_t* from, ssize_t count, const uv_buf_t*) {
  if (from->data == nullptr || count == 0) return;
  auto* self = static_cast<RelayEnd*>(from->data);
  const auto keep = self->events_.keep.lock();
  const bool fine = guarded("relaying bytes", [&] {
    if (count > 0) {
      self->events_.bytes({self->buffer_.data(), static_cast<std::size_t>(count)});
    } else {
      self->read(false);
      self->events_.ended(static_cast<int>(count));
    }
  });
  if (!fine) guarded("ending a relay", [&] { self->events_.ended(UV_ECANCELED); });
}

RelayEnd::Written RelayEnd::write(std::string_view bytes) {
  if (!socket_ || ending_) return Written::Broken;
  if (writing_) {
    next_ += bytes;
    return Written::Waits;
  }
  // libuv's buffers are not const, but it only reads them.
  auto whole = uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int count = uv_try_write(stream(), &whole, 1);
  if (count < 0 && count != UV_EAGAIN) return Written::Broken;
  bytes.remove_prefix(static_cast<std::size_t>(count < 0 ? 0 : count));
  if (bytes.empty()) return Written::Whole;
  return start_write(std::string(bytes)) ? Written::Waits : Written::Broken;
}

bool RelayEnd::start_write(std::string bytes) {
  auto write = std::make_unique<RelayWrite>();
  write->bytes = std::move(bytes);
  write->request.data = write.get();
  auto buffer = uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  if (uv_write(&write->request, stream(), &buffer, 1, &RelayEnd::on_written) < 0) return false;
  write.release();  // on_written frees it, also when the socket is closed before.
  writing_ = true;
  return true;
}

void RelayEnd::on_written(uv_write_t* request, int status) {
  const std::unique_ptr<RelayWrite> write(static_cast<RelayWrite*>(request->data));
  if (request->handle->data == nullptr) return;
  auto* self = static_cast<RelayEnd*>(request->handle->data);
  const auto keep = self->events_.keep.lock();
  if (!guarded("relaying bytes", [&] { self->written(status); }))
    guarded("ending a relay", [&] { self->events_.ended(UV_ECANCELED); });
}

void RelayEnd::written(int status) {
  writing_ = false;
  if (status < 0) return events_.refused();
  if (!next_.empty()) {
    if (!start_write(std::exchange(next_, {}))) events_.refused();
    return;
  }
  if (ending_) {
    ending_ = false;
    end_writing();
  }
  events_.drained();
}

void RelayEnd::end_writing() {
  if (!socket_ || ending_) return;
  if (!writing_) {
    uv_os_fd_t fd = -1;
    if (uv_fileno(reinterpret_cast<uv_handle_t*>(socket_.get()), &fd) == 0) shutdown(fd, SHUT_WR);
  }
  ending_ = true;
}

void RelayEnd::close() {
  socket_.reset();
  next_.clear();
  reading_ = writing_ = false;
}

void RelayEnd::reset() {
  if (!socket_) return;
  uv_os_fd_t fd = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(socket_.get()), &fd) == 0) {
    const linger now{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  close();
}

}  // namespace bootsman
