#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/types.h"
#include "wire/http.h"

namespace bootsman {

// What a handler of the HTTP server may answer: at once, later, in pieces, or by another protocol.

class HttpConnection;

/// Who asks: the process at the other end of a unix socket, as SO_PEERCRED tells it, or a client of
/// a TCP port, of whom nothing is known.
struct Peer {
  static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t uid = kNobody;
  std::uint32_t gid = kNobody;
  int pid = 0;  ///< 0: not known, or of another PID namespace.
  std::vector<std::uint32_t> groups = {};  ///< Supplementary ones, as SO_PEERGROUPS tells them.
};

using AnswerNow = Response;

/// The answer comes later, by Responder::answer().
struct AnswerLater {
  Millis timeout{30'000};
  Response overdue;  ///< The answer when none came in that time.
};

/// What the owner of a stream is told, on the loop, never from within a call of Responder. Any may
/// be empty.
struct StreamEvents {
  /// All that waited was taken by the client's kernel: there is room again.
  std::function<void()> drained;
  /// Bytes of the client; of an upgraded connection only. Valid during the call.
  std::function<void(std::string_view)> received;
  /// The client sends no more; of an upgraded connection only. It may still read.
  std::function<void()> ended;
  /// The client is gone, was too slow, or had to make room. The last call. Not after end(), and not
  /// when the whole server closes.
  std::function<void()> gone;
};

/// The body comes in pieces, by Responder::write(), until Responder::end().
struct AnswerStream {
  Response head;  ///< Its body is the first piece.
  StreamEvents events;
  std::optional<std::uint64_t> length;  ///< Where it is known; the pieces must add up to it.
};

/// From here on the connection carries the bytes of another protocol. Only where wants_upgrade().
struct AnswerUpgrade {
  std::string protocol;
  Response head;  ///< Its headers are added, its body are the first bytes.
  StreamEvents events;
};

using Answer = std::variant<AnswerNow, AnswerLater, AnswerStream, AnswerUpgrade>;

/// Answers one request later, or in pieces; to be copied and kept. Does nothing once the client is
/// gone, the request was answered, or its time was over.
class Responder {
 public:
  Responder() = default;
  Responder(std::weak_ptr<HttpConnection> connection, std::uint64_t request)
      : connection_(std::move(connection)), request_(request) {}

  /// The answer to a request that got AnswerLater.
  void answer(Answer answer) const;
  /// Whether somebody still waits for the answer, or for more of it.
  bool wanted() const;

  // Of an answer in pieces:

  /// The next piece. False when nobody wants it. Who writes while room() is 0 is cut off: the
  /// client is dropped.
  bool write(std::string_view bytes) const;
  /// How many bytes may wait for the client beside those that do; 0 when nobody wants any.
  std::size_t room() const;
  /// No piece follows. What waits is still sent.
  void end() const;
  /// Stops (or goes on) reading what an upgraded client sends, so that its kernel holds it back.
  void hold(bool on) const;

 private:
  std::weak_ptr<HttpConnection> connection_;
  std::uint64_t request_ = 0;
};

/// Called on the loop for each request; what it throws becomes a 500.
using HttpHandler = std::function<Answer(const Request&, const Peer&, Responder)>;

/// A handler that has every answer at once.
inline HttpHandler answering_at_once(std::function<Response(const Request&)> handler) {
  return [handler = std::move(handler)](const Request& request, const Peer&, const Responder&) {
    return Answer(handler(request));
  };
}

}  // namespace bootsman
