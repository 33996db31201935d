#include "shell/gateway_exchange.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "shell/address.h"
#include "shell/what_may_hang.h"

namespace bootsman {

namespace {

/// Bytes of further requests that are kept while this one is under way.
constexpr std::size_t kUnreadMax = 64 * 1024;
/// Until the next try to connect to a unix socket whose backlog is full.
constexpr Millis kBacklogRetry{20};

struct Connect {
  uv_connect_t request{};
  std::weak_ptr<GatewayExchange> exchange;
};

/// The address of the client in numbers; empty where it has none.
std::string peer_of(uv_tcp_t* socket) {
  sockaddr_storage peer{};
  int size = sizeof peer;
  if (uv_tcp_getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return "";
  char text[INET6_ADDRSTRLEN] = "";
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&peer);
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&peer);
  if (peer.ss_family == AF_INET) inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
  if (peer.ss_family == AF_INET6) inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
  return text;
}

}  // namespace

GatewayExchange::GatewayExchange(GatewayShared& shared, PassageStart start, PassOn to)
    : shared_(shared),
      head_(std::move(start.head)),
      to_(std::move(to)),
      parser_(*start.parser),
      host_(std::move(start.host)),
      client_(shared.buffer),
      upstream_(shared.buffer),
      reader_(head_.method == "HEAD"),
      unread_(std::move(start.unread)),
      began_(uv_now(shared.loop)) {
  client_.take(std::move(start.socket));
  client_address_ = peer_of(client_.socket());
  ++shared_.under_way;
}

GatewayExchange::~GatewayExchange() {
  --shared_.under_way;
}

void GatewayExchange::begin() {
  const auto self = shared_from_this();
  client_.events({self, [this](std::string_view bytes) { client_bytes(bytes); },
                  [this] { client_drained(); }, [this](int status) { client_ended(status); },
                  [this] { cut_off(); }});
  upstream_.events({self, [this](std::string_view bytes) { upstream_bytes(bytes); },
                    [this] { upstream_drained(); }, [this](int status) { upstream_ended(status); },
                    [this] { upstream_refused(); }});
  if (shared_.under_way > shared_.most) return fail({UpstreamTrouble::Kind::NoPlace, ""});
  host_.due_in(to_.route->connect_timeout);
  try_connect();
}

/// The kernel does not tell when a unix socket's backlog has room again.
void GatewayExchange::try_connect() {
  const int status = connect();
  if (status == UV_EAGAIN) {
    upstream_.close();
    return host_.due_in(kBacklogRetry);
  }
  if (status < 0) connected(status);
}

/// 0: connected() follows, in this call or a later one.
int GatewayExchange::connect() {
  auto made = make_uv<uv_tcp_t>("make a socket", nullptr,
                                [&](uv_tcp_t* tcp) { return uv_tcp_init(shared_.loop, tcp); });
  if (!made) return UV_ENOMEM;
  upstream_.take(std::move(*made));
  if (!to_.route->upstream.socket.empty()) return connect_socket();
  const auto address = socket_address(to_.route->upstream.host, to_.route->upstream.port);
  if (!address) return UV_EINVAL;
  auto connect = std::make_unique<Connect>();
  connect->exchange = weak_from_this();
  connect->request.data = connect.get();
  const int status = uv_tcp_connect(&connect->request, upstream_.socket(), address->get(),
                                    &GatewayExchange::on_connected);
  if (status == 0) connect.release();  // on_connected frees it.
  return status;
}

/// connect(2) on a unix socket is done at once: there is no network to wait for.
int GatewayExchange::connect_socket() {
  const std::string& path = to_.route->upstream.socket;
  if (const std::string mount = what_may_hang(path); !mount.empty()) {
    fail({UpstreamTrouble::Kind::Unreachable,
          "can't be reached: its socket lies on " + mount + ", which may hang"});
    return 0;
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  socklen_t size = sizeof address;
  if (path.starts_with('@')) {
    address.sun_path[0] = '\0';
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    const int error = errno;
    ::close(fd);
    return -error;
  }
  if (const int status = uv_tcp_open(upstream_.socket(), fd); status < 0) {
    ::close(fd);
    return status;
  }
  connected(0);
  return 0;
}

void GatewayExchange::on_connected(uv_connect_t* request, int status) {
  const std::unique_ptr<Connect> connect(static_cast<Connect*>(request->data));
  const auto self = connect->exchange.lock();
  if (!self || self->phase_ != Phase::Connecting) return;
  if (!guarded("connecting to an upstream", [&] { self->connected(status); })) self->cut_off();
}

void GatewayExchange::connected(int status) {
  if (status < 0) {
    const std::string why = "can't be reached: " + uv_reason(status);
    return fail({UpstreamTrouble::Kind::Unreachable, why});
  }
  phase_ = Phase::Relaying;
  uv_tcp_nodelay(upstream_.socket(), 1);
  const auto first = std::exchange(unread_, {});
  if (head_.expects_continue && first.empty()) to_client(kContinue);
  if (phase_ != Phase::Relaying) return;
  to_upstream(upstream_head(head_, to_, client_address_));
  upstream_.read(true);
  client_.read(true);
  upload(first);
}

// ---- Up: from the client to the upstream

void GatewayExchange::client_bytes(std::string_view bytes) {
  if (phase_ == Phase::Tunnel) {
    if (!upload_off_) host_.due_in(to_.route->idle_timeout);
    return to_upstream(bytes);
  }
  if (!request_over_ && phase_ == Phase::Relaying) return upload(bytes);
  // Read only to learn that the client is gone.
  unread_ += bytes;
  if (unread_.size() > kUnreadMax) client_.read(false);
}

void GatewayExchange::upload(std::string_view bytes) {
  std::string out;
  while (!request_over_) {
    const auto said = parser_.next(bytes);
    if (const auto* piece = std::get_if<BodyPiece>(&said)) {
      if (head_.chunked) {
        out += chunk(piece->bytes);
      } else {
        to_upstream(piece->bytes);
      }
    } else if (std::holds_alternative<RequestEnd>(said)) {
      request_over_ = true;
      if (head_.chunked) out += kLastChunk;
    } else if (const auto* refusal = std::get_if<Refusal>(&said)) {
      return status_ == 0 ? answer(plain_response(refusal->status, refusal->why)) : cut_off();
    } else {
      break;
    }
  }
  if (!out.empty()) to_upstream(out);
  unread_ += bytes;
  if (phase_ == Phase::Relaying) wait_for_client_or_reply();
}

void GatewayExchange::to_upstream(std::string_view bytes) {
  if (upload_off_ || bytes.empty()) return;
  switch (upstream_.write(bytes)) {
    case RelayEnd::Written::Whole:
      break;
    case RelayEnd::Written::Waits:
      client_.read(false);
      break;
    case RelayEnd::Written::Broken:
      upstream_refused();
      break;
  }
}

/// It may have answered before it closed: reading tells.
void GatewayExchange::upstream_refused() {
  upload_off_ = true;
  upstream_.read(true);
  // Of a tunnel too: to learn that the client has ended.
  if (phase_ == Phase::Relaying || phase_ == Phase::Tunnel) client_.read(true);
}

void GatewayExchange::wait_for_client_or_reply() {
  if (status_ != 0) return host_.due_in(to_.route->idle_timeout);
  const bool upstreams_turn = request_over_ || upstream_.waits();
  host_.due_in(upstreams_turn ? to_.route->response_timeout : shared_.upload_idle);
}

void GatewayExchange::upstream_drained() {
  if (phase_ == Phase::Relaying) wait_for_client_or_reply();
  if (phase_ == Phase::Tunnel && client_ended_) return end_tunnel();
  const bool full = unread_.size() > kUnreadMax;
  if ((phase_ == Phase::Relaying && !full) || phase_ == Phase::Tunnel) client_.read(true);
}

void GatewayExchange::client_ended(int status) {
  if (phase_ == Phase::Tunnel && status == UV_EOF) {
    client_ended_ = true;
    upstream_.end_writing();
    return end_tunnel();
  }
  if (phase_ == Phase::Ending && status == UV_EOF) {
    framing_.close = true;  // It sends no more requests, but may still read what waits.
    return;
  }
  // Nobody wants the answer any more: the upstream shall not go on with it.
  upstream_.close();
  client_.close();
  over(nullptr, true);
}

// ---- Down: from the upstream to the client

void GatewayExchange::upstream_bytes(std::string_view bytes) {
  host_.due_in(to_.route->idle_timeout);
  if (phase_ == Phase::Tunnel) return to_client(bytes);
  if (phase_ == Phase::Relaying) download(bytes);
}

void GatewayExchange::download(std::string_view bytes) {
  while (phase_ == Phase::Relaying) {
    const auto said = reader_.next(bytes);
    if (std::holds_alternative<NeedMore>(said)) return;
    if (const auto* head = std::get_if<ReplyHead>(&said)) {
      if (!take_head(*head)) return;
      if (head->status == 101) return tunnel(bytes);
    } else if (const auto* piece = std::get_if<BodyPiece>(&said)) {
      if (framing_.chunked) {
        to_client(chunk(piece->bytes));
      } else {
        to_client(piece->bytes);
      }
    } else if (const auto* broken = std::get_if<ReplyBroken>(&said)) {
      return fail({UpstreamTrouble::Kind::Broken, "gave no answer: " + broken->why});
    } else {
      return reply_done();
    }
  }
}

/// False when the exchange is over by it.
bool GatewayExchange::take_head(const ReplyHead& reply) {
  if (reply.is_interim()) {
    const bool told = reply.status != 100 && !head_.http_1_0;
    if (told) to_client(client_head(reply, head_, *to_.route, {}));
    return phase_ == Phase::Relaying;
  }
  if (reply.status == 101 && !(to_.upgrade && request_over_)) {
    fail({UpstreamTrouble::Kind::Broken, "changed the protocol, which nobody had asked for"});
    return false;
  }
  framing_ = frame_reply(reply, head_, request_over_);
  status_ = reply.status;
  to_client(client_head(reply, head_, *to_.route, framing_));
  return phase_ == Phase::Relaying;
}

void GatewayExchange::to_client(std::string_view bytes) {
  if (bytes.empty() || !client_.open()) return;
  sent_down_ += bytes.size();
  switch (client_.write(bytes)) {
    case RelayEnd::Written::Whole:
      break;
    case RelayEnd::Written::Waits:
      upstream_.read(false);
      break;
    case RelayEnd::Written::Broken:
      return cut_off();
  }
}

void GatewayExchange::client_drained() {
  if (phase_ == Phase::Ending) return finish();
  host_.due_in(to_.route->idle_timeout);
  if (phase_ == Phase::Tunnel && upstream_ended_) return end_tunnel();
  if (phase_ == Phase::Relaying || phase_ == Phase::Tunnel) upstream_.read(true);
}

void GatewayExchange::upstream_ended(int status) {
  if (phase_ == Phase::Tunnel) {
    if (status != UV_EOF) return cut_off();
    upstream_ended_ = true;
    client_.end_writing();
    return end_tunnel();
  }
  if (phase_ != Phase::Relaying) return;
  const auto said = status == UV_EOF ? reader_.ended() : ReplyStep(ReplyBroken{uv_reason(status)});
  if (const auto* broken = std::get_if<ReplyBroken>(&said))
    return fail({UpstreamTrouble::Kind::Broken, "gave no answer: " + broken->why});
  reply_done();
}

void GatewayExchange::tunnel(std::string_view first) {
  phase_ = Phase::Tunnel;
  to_client(first);
  if (phase_ != Phase::Tunnel) return;
  if (const auto early = std::exchange(unread_, {}); !early.empty()) to_upstream(early);
  if (!upstream_.waits()) client_.read(true);
  host_.due_in(to_.route->idle_timeout);
}

/// Each side may go on sending after the other has ended.
void GatewayExchange::end_tunnel() {
  if (!client_ended_ || !upstream_ended_ || client_.waits() || upstream_.waits()) return;
  upstream_.close();
  client_.close();
  over(nullptr, true);
}

// ---- Ends

void GatewayExchange::fail(UpstreamTrouble trouble) {
  if (phase_ == Phase::Over) return;
  // The client must not take half an answer for the whole.
  if (status_ != 0) return cut_off();
  answer(shared_.trouble(*to_.route, trouble));
}

/// An answer of our own, before any of the upstream's.
void GatewayExchange::answer(const Response& response) {
  phase_ = Phase::Ending;
  upstream_.close();
  if (!request_over_) {
    // What has come of the body is let go; often that is all of it.
    std::string_view bytes = unread_;
    auto said = parser_.next(bytes);
    while (std::holds_alternative<BodyPiece>(said)) said = parser_.next(bytes);
    request_over_ = std::holds_alternative<RequestEnd>(said);
    unread_ = std::string(bytes);
  }
  status_ = response.status;
  framing_.close = !head_.keep_alive || !request_over_;
  Request as = head_;
  as.keep_alive = !framing_.close;
  host_.due_in(shared_.upload_idle);
  to_client(serialise(response, as));
  if (phase_ == Phase::Ending && !client_.waits()) finish();
}

void GatewayExchange::reply_done() {
  upstream_.close();
  phase_ = Phase::Ending;
  if (framing_.chunked) to_client(kLastChunk);
  if (phase_ == Phase::Ending && !client_.waits()) finish();
}

void GatewayExchange::finish() {
  over(client_.release(), framing_.close || !request_over_);
}

void GatewayExchange::cut_off() {
  if (phase_ == Phase::Over) return;
  upstream_.close();
  client_.reset();
  over(nullptr, true);
}

void GatewayExchange::over(UvPtr<uv_tcp_t> socket, bool last) {
  if (phase_ == Phase::Over) return;
  phase_ = Phase::Over;
  const auto self = shared_from_this();
  shared_.done(*to_.route, head_, status_, sent_down_,
               Millis(static_cast<long>(uv_now(shared_.loop) - began_)));
  host_.over(std::move(socket), std::move(unread_), last);
}

void GatewayExchange::time_over() {
  const auto self = shared_from_this();
  switch (phase_) {
    case Phase::Connecting:
      if (!upstream_.open() && uv_now(shared_.loop) - began_ <
                                   static_cast<std::uint64_t>(to_.route->connect_timeout.count()))
        return try_connect();
      return fail({UpstreamTrouble::Kind::TooSlow,
                   "took no connection within " + format_duration(to_.route->connect_timeout)});
    case Phase::Relaying:
      if (status_ != 0) return cut_off();
      if (!request_over_ && !upstream_.waits())
        return answer(plain_response(408, "the request's body took too long"));
      return fail({UpstreamTrouble::Kind::TooSlow,
                   "did not answer within " + format_duration(to_.route->response_timeout)});
    default:
      return cut_off();
  }
}

void GatewayExchange::close() {
  phase_ = Phase::Over;
  upstream_.close();
  client_.close();
}

}  // namespace bootsman
