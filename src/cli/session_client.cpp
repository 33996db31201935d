#include "cli/session_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "cli/detach_keys.h"
#include "cli/raw_terminal.h"
#include "cli/signal_reader.h"

namespace bootsman {

namespace {

/// Bytes for the init that may wait here before stdin is left alone.
constexpr std::size_t kOutMax = 256 * 1024;

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(fd, bytes.data(), bytes.size());
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd one{fd, POLLOUT, 0};
      ::poll(&one, 1, 1000);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

class SessionLoop {
 public:
  SessionLoop(ControlUpgrade connection, const SessionOptions& options)
      : socket_(std::move(connection.socket)),
        terminal_(options.terminal),
        keys_(options.detach_keys) {
    receive(connection.rest);
  }

  SessionResult run() {
    const SignalReader signals;
    while (!result_) {
      std::array<pollfd, 3> watched{{
          {socket_.get(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
          {signals.fd(), POLLIN, 0},
          {input_over_ || out_.size() > kOutMax ? -1 : STDIN_FILENO, POLLIN, 0},
      }};
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
        end(1, with_errno("cannot wait for the session", errno));
      }
      if (watched[1].revents != 0) take_signal(signals.next());
      if (watched[2].revents != 0) read_input();
      if ((watched[0].revents & POLLOUT) != 0) send();
      if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_socket();
    }
    return *result_;
  }

 private:
  void end(int code, std::string message, bool detached = false) {
    if (!result_) result_ = SessionResult{code, std::move(message), detached};
  }

  void take_signal(int number) {
    if (number == SIGWINCH) {
      const auto size = terminal_ ? terminal_size() : std::nullopt;
      if (size) queue(size_frame(*size));
    } else if (number > 0) {
      end(128 + number, "");
    }
  }

  void read_input() {
    std::array<char, 16 * 1024> buffer;
    const auto count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) {
      input_over_ = true;
      return queue(frame(FrameType::EndOfInput, ""));
    }
    std::string typed;
    const bool detach = keys_.feed({buffer.data(), static_cast<std::size_t>(count)}, typed);
    if (!typed.empty()) queue(frame(FrameType::Input, typed));
    if (detach) end(0, "detached", true);
  }

  void queue(const std::string& bytes) {
    out_ += bytes;
    send();
  }

  void send() {
    while (!out_.empty()) {
      const auto count = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
      if (count > 0) {
        out_.erase(0, static_cast<std::size_t>(count));
      } else if (errno != EINTR) {
        return;  // EAGAIN; or it is gone, which reading tells.
      }
    }
  }

  void read_socket() {
    std::array<char, 64 * 1024> buffer;
    const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) return end(kLost, "the init has ended the connection");
    receive({buffer.data(), static_cast<std::size_t>(count)});
  }

  void receive(std::string_view bytes) {
    const bool good = frames_.feed(bytes, [this](FrameType type, std::string_view payload) {
      if (type == FrameType::Output && !write_whole(STDOUT_FILENO, payload)) end(kLost, "");
      if (type == FrameType::Errors && !write_whole(STDERR_FILENO, payload)) end(kLost, "");
      if (type == FrameType::End) take_end(payload);
    });
    if (!good) end(kLost, "cannot understand what the init sends");
  }

  void take_end(std::string_view payload) {
    const auto said = parse_json(payload);
    if (!said) return end(kLost, "cannot understand what the init sends");
    end(static_cast<int>(said->get_int("code", 1)), said->get_string("error"));
  }

  static constexpr int kLost = 1;
  UniqueFd socket_;
  bool terminal_;
  DetachMatcher keys_;
  FrameReader frames_;
  std::string out_;
  bool input_over_ = false;
  std::optional<SessionResult> result_;
};

}  // namespace

SessionResult run_session(ControlUpgrade connection, const SessionOptions& options) {
  std::optional<RawTerminal> raw;
  if (options.terminal) {
    auto entered = RawTerminal::enter();
    if (!entered) return {1, entered.error().message(), false};
    raw.emplace(std::move(*entered));
  }
  return SessionLoop(std::move(connection), options).run();
}

}  // namespace bootsman
