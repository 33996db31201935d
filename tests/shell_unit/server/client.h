#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "shell/uv.h"

namespace bootsman {

/// A loop of its own for one test. Turns until something holds, at most for 20 s.
class TestLoop {
 public:
  TestLoop() {
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop_);
    uv_timer_init(&loop_, &wake_);
    wake_.data = nullptr;
  }
  ~TestLoop() {
    uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;

  uv_loop_t* get() { return &loop_; }

  bool run_until(const std::function<bool()>& holds) {
    const auto give_up = uv_hrtime() + 20'000'000'000ULL;
    uv_timer_start(
        &wake_, [](uv_timer_t*) {}, 1, 1);
    while (!holds() && uv_hrtime() < give_up) uv_run(&loop_, UV_RUN_ONCE);
    uv_timer_stop(&wake_);
    return holds();
  }
  void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }

 private:
  uv_loop_t loop_{};
  uv_timer_t wake_{};
};

/// A raw non-blocking TCP client.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  /// Takes over a socket.
  explicit Client(std::in_place_t, int fd) : fd_(fd) {}
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { close(); }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// Makes close() a reset.
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void end_writing() { shutdown(fd_, SHUT_WR); }

  /// Sends what the kernel takes now; returns how much.
  std::size_t send(std::string_view bytes) {
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  /// Everything received so far.
  const std::string& received() {
    char buffer[65536];
    while (!ended_) {
      const auto count = recv(fd_, buffer, sizeof buffer, 0);
      if (count > 0) {
        received_.append(buffer, static_cast<std::size_t>(count));
      } else {
        ended_ = count == 0 || (errno != EAGAIN && errno != ENOTCONN);
        break;
      }
    }
    return received_;
  }
  /// The server closed its side (or reset).
  bool ended() {
    received();
    return ended_;
  }

 protected:
  int fd() const { return fd_; }

 private:
  int fd_;
  bool ended_ = false;
  std::string received_;
};

/// The same over a unix socket.
class LocalClient : public Client {
 public:
  explicit LocalClient(const std::string& path)
      : Client(std::in_place, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
    (void)connect(fd(), reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
};

inline std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

}  // namespace bootsman
