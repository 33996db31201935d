#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/types.h"
#include "shell/uv.h"
#include "wire/http.h"

namespace bootsman {

/// A request that is passed on to an upstream. While it is under way it owns its client's socket;
/// the connection that the request came in on only keeps the time.
class Passage {
 public:
  Passage() = default;
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;
  virtual ~Passage() = default;

  /// Begins. From here on the host is called, possibly from within this call.
  virtual void begin() = 0;
  /// The time that the host was told of is over.
  virtual void time_over() = 0;
  /// Gives everything up at once. The host is not called any more.
  virtual void close() = 0;
};

/// What the connection does for its passage.
struct PassageHost {
  std::function<void(Millis)> due_in;
  /// The passage is over. The socket comes back for the next request, which `unread` begins; for no
  /// further one when `last`. Without a socket the client is gone. Called once, at the end of a
  /// call; the passage is let go of.
  std::function<void(UvPtr<uv_tcp_t> socket, std::string unread, bool last)> over;
};

/// What came in: the head, the client's socket (not being read), the parser that reads the body
/// (outlives the passage), and the bytes behind the head.
struct PassageStart {
  Request head;
  UvPtr<uv_tcp_t> socket;
  RequestParser* parser = nullptr;
  std::string unread;
  PassageHost host;
};

/// Who passes requests on. Both empty: nobody does.
struct Passing {
  StreamFilter takes;
  std::function<std::shared_ptr<Passage>(PassageStart)> open;
};

}  // namespace bootsman
