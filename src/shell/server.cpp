#include "shell/server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "plan/endpoint.h"
#include "shell/address.h"
#include "shell/control_place.h"

namespace bootsman {

namespace {

constexpr int kBacklog = 511;
/// Connections taken per wake-up, so that a flood of them can't starve the rest of the loop.
constexpr int kAcceptsPerWake = 64;
/// How long no client is taken after the system had no descriptor or memory for one.
constexpr std::uint64_t kPauseMs = 100;

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

struct Socket {
  int fd = -1;
  explicit Socket(int of) : fd(of) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  int release() { return std::exchange(fd, -1); }
};

std::string advice(int error) {
  switch (error) {
    case EADDRINUSE:
      return "; another process holds this port: stop it, or set http.listen";
    case EACCES:
      return "; ports below 1024 need CAP_NET_BIND_SERVICE: set http.listen";
    case EADDRNOTAVAIL:
      return "; this container has no such address: set http.listen";
    default:
      return "";
  }
}

std::uint16_t port_of(int socket) {
  sockaddr_in6 bound{};  // The port stands at the same place for both families.
  socklen_t size = sizeof bound;
  return getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) == 0
             ? ntohs(bound.sin6_port)
             : std::uint16_t{0};
}

/// errno in case of failure, else 0.
int bind_and_listen(int socket, const SocketAddress& address) {
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) {
    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  const bool good =
      bind(socket, address.get(), address.size) == 0 && ::listen(socket, kBacklog) == 0;
  return good ? 0 : errno;
}

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/// None where the kernel does not tell (before 4.13).
std::vector<std::uint32_t> groups_of(int client) {
  std::vector<std::uint32_t> groups(32);
  for (int tries = 0; tries < 2; ++tries) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(std::uint32_t));
    const int got = getsockopt(client, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    groups.resize(size / sizeof(std::uint32_t));
    if (got == 0) return groups;
    if (errno != ERANGE) break;
  }
  return {};
}

}  // namespace

struct HttpServer::Listener {
  explicit Listener(HttpServer& of, int fd) : server(of), socket(fd), spare(-1) { keep_spare(); }
  ~Listener() { poll.reset(); }

  /// A descriptor given up to accept, and so to refuse, a client when there are no others left.
  /// Without it the waiting client would wake the loop for ever.
  void keep_spare() {
    if (spare.fd < 0) spare.fd = fcntl(socket.fd, F_DUPFD_CLOEXEC, 3);
  }

  HttpServer& server;
  Socket socket;
  Socket spare;
  HttpHandler handler;  ///< Of the control socket.
  std::optional<ControlSocket> file;  ///< Of a unix socket: goes with the listener.
  UvPtr<uv_poll_t> poll;
};

HttpServer::HttpServer(uv_loop_t* loop, HttpHandler handler, ServerLimits limits)
    : buffer_(std::make_unique_for_overwrite<std::array<char, 16 * 1024>>()) {
  shared_.loop = loop;
  shared_.handler = std::move(handler);
  shared_.limits = limits;
  shared_.buffer = *buffer_;
  shared_.moved = [this](HttpConnection& connection) { arm(connection.deadline()); };
  shared_.closed = [this](HttpConnection& connection) {
    connections_.erase(&connection);
    counts_.open = connections_.size();
    if (connections_.empty()) arm_for_next();
  };
}

HttpServer::~HttpServer() {
  close();
}

void HttpServer::close() {
  listeners_.clear();
  for (auto& [key, connection] : connections_) connection->close();
  connections_.clear();
  counts_.open = 0;
  timer_.reset();
  armed_at_ = 0;
  resume_at_ = 0;
}

Result<std::uint16_t> HttpServer::listen(const ListenAddress& address) {
  const auto where = "listen on " + say_address(address);
  if (const std::string path(socket_of(address)); !path.empty())
    return listen_on_file(path, where);
  const auto target = socket_address(address.host, address.port);
  if (!target) return fail(Error(target.error()).within("cannot " + where));
  Socket socket(::socket(target->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int error = socket.fd < 0 ? errno : bind_and_listen(socket.fd, *target);
  if (error != 0) return fail("cannot " + where + ": " + uv_reason(-error) + advice(error));

  const auto port = port_of(socket.fd);
  auto added = add(where, std::make_unique<Listener>(*this, socket.release()));
  if (!added) return fail(std::move(added).error());
  return port;
}

/// Its clients are like those of a port.
Result<std::uint16_t> HttpServer::listen_on_file(const std::string& path, const std::string& what) {
  auto made = ControlSocket::open({{path, false, true}});
  if (!made) return fail(std::move(made).error().within("cannot " + what));
  auto listener = std::make_unique<Listener>(*this, made->take().release());
  listener->file.emplace(std::move(*made));
  if (auto added = add(what, std::move(listener)); !added) return fail(std::move(added).error());
  return std::uint16_t{0};
}

Result<void> HttpServer::listen_local(UniqueFd listening, HttpHandler handler) {
  auto listener = std::make_unique<Listener>(*this, listening.release());
  listener->handler = std::move(handler);
  return add("listen on a unix socket", std::move(listener));
}

Result<void> HttpServer::add(const std::string& what, std::unique_ptr<Listener> listener) {
  auto poll = make_uv<uv_poll_t>(what, listener.get(), [&](uv_poll_t* made) {
    return uv_poll_init(shared_.loop, made, listener->socket.fd);
  });
  if (!poll) return fail(std::move(poll).error());
  listener->poll = std::move(*poll);
  uv_poll_start(listener->poll.get(), UV_READABLE, &HttpServer::on_acceptable);
  listeners_.push_back(std::move(listener));
  return {};
}

void HttpServer::on_acceptable(uv_poll_t* poll, int status, int) {
  if (poll->data == nullptr) return;
  auto& listener = *static_cast<Listener*>(poll->data);
  guarded("taking HTTP clients", [&] {
    if (status < 0) return listener.server.pause(listener);
    listener.server.accept_some(listener);
  });
}

void HttpServer::accept_some(Listener& listener) {
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    const int client = accept4(listener.socket.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) {
      take(listener, client);
    } else if (!accept_failed(listener, errno)) {
      return;
    }
  }
}

/// Whether to go on accepting.
bool HttpServer::accept_failed(Listener& listener, int error) {
  switch (error) {
    case EAGAIN:
      return false;
    case EMFILE:
      if (listener.spare.fd < 0) break;
      ::close(listener.spare.release());
      ++counts_.refused;
      // Closed at once by its destructor, which gives the spare its place back.
      Socket(accept4(listener.socket.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      listener.keep_spare();
      return true;
    case ECONNABORTED:
    case EINTR:
    case EPERM:
    case EPROTO:
      return true;  // accept(2): of that one client, which is gone.
    default:
      break;
  }
  pause(listener);
  return false;
}

void HttpServer::take(const Listener& listener, int client) {
  Socket socket(client);
  LocalDoor door;
  if (listener.handler) {
    ucred who{};
    socklen_t size = sizeof who;
    if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return;
    door = {&listener.handler, {who.uid, who.gid, who.pid, groups_of(client)}};
  }
  const bool local = door.handler != nullptr;
  if (!has_room(local) && !make_room(local)) {
    ++counts_.refused;
    (void)!::send(client, kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return;
  }
  auto connection = std::make_shared<HttpConnection>(shared_, door);
  auto* key = connection.get();
  connections_.emplace(key, std::move(connection));
  ++counts_.accepted;
  if (!key->open(socket.release())) connections_.erase(key);
  counts_.open = connections_.size();
}

bool HttpServer::has_room(bool local) const {
  const auto most = local ? shared_.limits.local : shared_.limits.connections;
  if (connections_.size() < most) return true;
  std::size_t count = 0;
  for (const auto& [key, connection] : connections_) {
    count += key->is_local() == local && !key->is_passing() ? 1 : 0;
  }
  return count < most;
}

/// Drops the client of that kind that has been waited for longest; false when all take their
/// answers.
bool HttpServer::make_room(bool local) {
  HttpConnection* longest = nullptr;
  for (const auto& [key, connection] : connections_) {
    if (key->is_local() != local) continue;
    const auto since = key->waits_since();
    if (since && (longest == nullptr || *since < *longest->waits_since())) longest = key;
  }
  if (longest == nullptr) return false;
  ++counts_.displaced;
  longest->drop();
  return true;
}

void HttpServer::pause(Listener& listener) {
  uv_poll_stop(listener.poll.get());
  resume_at_ = uv_now(shared_.loop) + kPauseMs;
  arm(resume_at_);
}

void HttpServer::resume() {
  resume_at_ = 0;
  for (auto& listener : listeners_) {
    listener->keep_spare();
    uv_poll_start(listener->poll.get(), UV_READABLE, &HttpServer::on_acceptable);
  }
}

/// Makes the timer fire at `at` or before. Deadlines that move away are found when it fires, so
/// that a busy connection does not set the timer for each request.
void HttpServer::arm(std::uint64_t at) {
  if (at == HttpConnection::kNever) return;
  if (armed_at_ != 0 && armed_at_ <= at) return;
  if (!timer_) {
    auto timer = make_uv<uv_timer_t>(
        "make a timer", this, [&](uv_timer_t* made) { return uv_timer_init(shared_.loop, made); });
    if (!timer) return;
    timer_ = std::move(*timer);
  }
  const auto now = uv_now(shared_.loop);
  armed_at_ = at;
  const auto fire = [](uv_timer_t* timer) {
    auto* self = static_cast<HttpServer*>(timer->data);
    if (self != nullptr) guarded("ending slow HTTP clients", [self] { self->on_time(); });
  };
  uv_timer_start(timer_.get(), fire, at > now ? at - now : 0, 0);
}

void HttpServer::on_time() {
  armed_at_ = 0;
  const auto now = uv_now(shared_.loop);
  if (resume_at_ != 0 && resume_at_ <= now) resume();
  std::vector<std::shared_ptr<HttpConnection>> late;
  for (auto& [key, connection] : connections_) {
    if (connection->deadline() <= now) late.push_back(connection);
  }
  counts_.timed_out += late.size();
  for (auto& connection : late) connection->time_over();
  arm_for_next();
}

void HttpServer::arm_for_next() {
  auto next = resume_at_;
  for (auto& [key, connection] : connections_) {
    const auto deadline = connection->deadline();
    if (deadline != HttpConnection::kNever && (next == 0 || deadline < next)) next = deadline;
  }
  armed_at_ = 0;
  if (next != 0) {
    arm(next);
  } else if (timer_) {
    uv_timer_stop(timer_.get());
  }
}

}  // namespace bootsman
