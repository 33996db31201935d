#include "shell/prober.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/version.h"
#include "shell/address.h"
#include "wire/http_reply.h"

namespace bootsman {

namespace {

/// A timer that comes later than this was held up by a pause of the whole process.
constexpr std::uint64_t kPauseMs = 1000;
/// Bytes of an answer taken after its status, so that the server need not see a reset.
constexpr std::size_t kRestMax = 64 * 1024;

constexpr std::string_view kNoText = "status good, but the body lacks the wanted text";

struct Write {
  uv_write_t request{};
  std::string bytes;
};

std::string request_text(const HttpProbe& probe) {
  const auto host = say_address(probe.host, probe.port);
  const auto bare = host.substr(0, host.rfind(':'));
  return "GET " + (probe.path.empty() ? "/" : probe.path) +
         " HTTP/1.1\r\nHost: " + (probe.port == 80 ? bare : host) + "\r\nUser-Agent: bootsman/" +
         std::string(kVersion) + "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

/// Why this status is not what the probe wants; empty when it is.
std::string status_fault(int status, int wanted) {
  const bool good = wanted != 0 ? status == wanted : status >= 200 && status < 400;
  if (good) return "";
  return "status " + std::to_string(status) + ", wanted " +
         (wanted != 0 ? std::to_string(wanted) : "2xx or 3xx");
}

}  // namespace

struct Prober::Attempt : std::enable_shared_from_this<Prober::Attempt> {
  Attempt(Prober& of, std::uint64_t with_id, std::string wanted_text)
      : prober(of), id(with_id), reply(std::move(wanted_text)) {}

  static void on_connected(uv_connect_t* request, int status);
  static void on_written(uv_write_t* request, int status);
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  void connected(int status);
  void ask(const HttpProbe& what);
  void read(ssize_t count);
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(socket.get()); }

  Prober& prober;
  std::uint64_t id;
  std::string where;              ///< "127.0.0.1:8888"
  std::optional<HttpProbe> http;  ///< Nothing: a tcp probe.
  Done done;                      ///< Empty once it was called.
  Millis timeout{0};
  std::uint64_t deadline = 0;
  bool overdue = false;        ///< Was late once; facts that wait in the kernel come first.
  std::string failed_already;  ///< Known in start(), told by the loop.
  UvPtr<uv_tcp_t> socket;
  ReplyParser reply;
  bool status_came = false;  ///< And is good; the body is being looked at.
  std::size_t rest = 0;
};

Prober::Prober(uv_loop_t* loop) : loop_(loop) {}
Prober::~Prober() = default;

ProbeId Prober::start(const Probe& probe, Millis timeout, Done done) {
  const auto* http = std::get_if<HttpProbe>(&probe);
  auto attempt =
      std::make_shared<Attempt>(*this, ++last_id_, http != nullptr ? http->body : std::string());
  attempt->done = std::move(done);
  attempt->timeout = timeout;
  attempt->deadline = uv_now(loop_) + static_cast<std::uint64_t>(timeout.count());
  attempts_.emplace(attempt->id, attempt);
  if (http != nullptr) {
    attempt->http = *http;
    connect(*attempt, http->host, http->port);
  } else if (const auto* tcp = std::get_if<TcpProbe>(&probe)) {
    connect(*attempt, tcp->host, tcp->port);
  } else {
    report_at_once(*attempt, "cannot probe: this kind of check is not made over the network");
  }
  arm(attempt->deadline);
  return {attempt->id};
}

void Prober::connect(Attempt& attempt, const std::string& host, std::uint16_t port) {
  attempt.where = say_address(host, port);
  const auto address = socket_address(host, port);
  if (!address) return report_at_once(attempt, address.error().message());
  auto socket = make_uv<uv_tcp_t>("connect to " + attempt.where, &attempt,
                                  [&](uv_tcp_t* tcp) { return uv_tcp_init(loop_, tcp); });
  if (!socket) return report_at_once(attempt, socket.error().message());
  attempt.socket = std::move(*socket);

  auto request = std::make_unique<uv_connect_t>();
  const int status =
      uv_tcp_connect(request.get(), attempt.socket.get(), address->get(), &Attempt::on_connected);
  if (status < 0) {
    return report_at_once(attempt, "cannot connect to " + attempt.where + ": " + uv_reason(status));
  }
  request.release();  // on_connected frees it, also when the socket is closed before.
}

void Prober::Attempt::on_connected(uv_connect_t* request, int status) {
  const std::unique_ptr<uv_connect_t> own(request);
  if (request->handle->data == nullptr) return;
  auto& self = *static_cast<Attempt*>(request->handle->data);
  const auto keep = self.shared_from_this();
  if (!guarded("connecting a probe", [&] { self.connected(status); })) self.prober.remove(self.id);
}

void Prober::Attempt::connected(int status) {
  if (status < 0) {
    return prober.report(*this, false, "cannot connect to " + where + ": " + uv_reason(status));
  }
  if (!http) return prober.report(*this, true, "");
  ask(*http);
}

void Prober::Attempt::ask(const HttpProbe& what) {
  auto write = std::make_unique<Write>();
  write->bytes = request_text(what);
  write->request.data = write.get();
  auto buffer = uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  const int status = uv_write(&write->request, stream(), &buffer, 1, &Attempt::on_written);
  if (status < 0) {
    return prober.report(*this, false, "cannot ask " + where + ": " + uv_reason(status));
  }
  write.release();  // on_written frees it, also when the socket is closed before.
  const auto allocate = [](uv_handle_t* handle, std::size_t, uv_buf_t* into) {
    auto* self = static_cast<Attempt*>(handle->data);
    *into = self == nullptr ? uv_buf_init(nullptr, 0)
                            : uv_buf_init(self->prober.buffer_.data(),
                                          static_cast<unsigned>(self->prober.buffer_.size()));
  };
  uv_read_start(stream(), allocate, &Attempt::on_read);
}

void Prober::Attempt::on_written(uv_write_t* request, int) {
  // A write that failed shows itself to the reader too, and a server may answer without reading.
  const std::unique_ptr<Write> own(static_cast<Write*>(request->data));
}

void Prober::Attempt::on_read(uv_stream_t* from, ssize_t count, const uv_buf_t*) {
  if (from->data == nullptr) return;
  auto& self = *static_cast<Attempt*>(from->data);
  const auto keep = self.shared_from_this();
  if (!guarded("reading a probe's answer", [&] { self.read(count); })) self.prober.remove(self.id);
}

void Prober::Attempt::read(ssize_t count) {
  if (count == 0) return;
  if (!done) {
    rest += count < 0 ? kRestMax : static_cast<std::size_t>(count);
    if (rest >= kRestMax) prober.remove(id);
    return;
  }
  if (count == UV_EOF && status_came) {
    prober.report(*this, false, std::string(kNoText));
    return prober.remove(id);
  }
  if (count == UV_EOF) {
    return prober.report(*this, false, where + " closed the connection without an answer");
  }
  if (count < 0) {
    return prober.report(*this, false,
                         "cannot read from " + where + ": " + uv_reason(static_cast<int>(count)));
  }
  const auto status = reply.feed({prober.buffer_.data(), static_cast<std::size_t>(count)});
  if (!status) {
    return prober.report(*this, false,
                         "the answer of " + where + " is not HTTP: " + status.error().message());
  }
  if (!*status) return;
  status_came = true;
  auto fault = status_fault(**status, http->status);
  if (fault.empty() && reply.body() == ReplyParser::Body::Open) return;
  if (fault.empty() && reply.body() == ReplyParser::Body::Lacking) fault = kNoText;
  const bool good = fault.empty();
  prober.report(*this, good, std::move(fault));
}

/// Tells the outcome. An http server may still send the rest; everything else is closed.
void Prober::report(Attempt& attempt, bool ok, std::string why) {
  const auto done = std::exchange(attempt.done, nullptr);
  const bool rest_comes = attempt.http && (ok || why.starts_with("status "));
  if (!rest_comes) remove(attempt.id);
  if (done) done(ok, std::move(why));
}

void Prober::report_at_once(Attempt& attempt, std::string why) {
  attempt.failed_already = std::move(why);
  attempt.deadline = uv_now(loop_);
}

void Prober::cancel(ProbeId id) {
  remove(id.value);
}

void Prober::remove(std::uint64_t id) {
  const auto found = attempts_.find(id);
  if (found == attempts_.end()) return;
  found->second->socket.reset();
  attempts_.erase(found);
  if (attempts_.empty() && timer_) {
    uv_timer_stop(timer_.get());
    armed_at_ = 0;
  }
}

/// Makes the timer fire at `at` or before; what was removed meanwhile is found when it fires.
void Prober::arm(std::uint64_t at) {
  if (armed_at_ != 0 && armed_at_ <= at) return;
  if (!timer_) {
    auto timer = make_uv<uv_timer_t>("make a timer", this,
                                     [&](uv_timer_t* made) { return uv_timer_init(loop_, made); });
    if (!timer) return;
    timer_ = std::move(*timer);
  }
  const auto now = uv_now(loop_);
  armed_at_ = at;
  const auto fire = [](uv_timer_t* timer) {
    auto* self = static_cast<Prober*>(timer->data);
    if (self != nullptr) guarded("ending late probes", [self] { self->on_time(); });
  };
  uv_timer_start(timer_.get(), fire, at > now ? at - now : 0, 0);
}

void Prober::on_time() {
  const auto now = uv_now(loop_);
  const auto late = now - std::min(now, std::exchange(armed_at_, 0));
  std::vector<std::shared_ptr<Attempt>> expired;
  for (auto& [id, attempt] : attempts_) {
    if (late > kPauseMs) attempt->deadline += late;
    if (attempt->deadline <= now && expire(*attempt, now)) expired.push_back(attempt);
  }
  for (auto& attempt : expired) {
    if (!attempts_.contains(attempt->id)) continue;  // Cancelled by the one before.
    auto why = attempt->failed_already.empty()
                   ? "no answer within " + format_duration(attempt->timeout)
                   : std::move(attempt->failed_already);
    guarded("telling of a late probe", [&] { report(*attempt, false, std::move(why)); });
    remove(attempt->id);
  }
  std::uint64_t next = 0;
  for (auto& [id, attempt] : attempts_) {
    if (next == 0 || attempt->deadline < next) next = attempt->deadline;
  }
  if (next != 0) arm(next);
}

/// Whether the time of an attempt is over now. libuv runs timers before it looks at sockets: the
/// first time the loop turns once more, for an answer that waits there already.
bool Prober::expire(Attempt& attempt, std::uint64_t now) {
  if (attempt.overdue || !attempt.failed_already.empty()) return true;
  attempt.overdue = true;
  attempt.deadline = now + 1;
  return false;
}

}  // namespace bootsman
