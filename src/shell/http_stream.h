#pragma once

#include <cstdint>
#include <string>

#include "shell/answer.h"

namespace bootsman {

/// An answer that comes in pieces, or the bytes of another protocol.
struct HttpStream {
  StreamEvents events;
  bool upgraded = false;
  bool silent = false;  ///< The answer to a HEAD: its pieces are dropped.
  bool over = false;    ///< Its owner has ended it.
  bool held = false;    ///< Its owner does not want to be told of what the client sends.
  bool input_ended = false;
  bool keep_alive = false;  ///< What follows is the next request.
  StreamFraming framing = StreamFraming::UntilClose;
  std::uint64_t left = 0;     ///< Of a counted body.
  std::string pending;        ///< Not given to the loop yet.
  std::size_t under_way = 0;  ///< Bytes which the loop writes.
  bool tell_drained = false;

  std::size_t waiting() const { return pending.size() + under_way; }
};

}  // namespace bootsman
