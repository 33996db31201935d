#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "wire/http.h"

namespace bootsman {

/// The head of an upstream's answer.
struct ReplyHead {
  int status = 200;
  std::string reason;  ///< "OK", as it was sent.
  std::vector<Header> headers;
  std::optional<std::uint64_t> content_length;
  bool has_body = true;  ///< False for an answer to HEAD, for 1xx, 204 and 304.
  bool is_interim() const { return status < 200 && status != 101; }
};

struct ReplyEnd {};
/// This is no HTTP/1.x, or it ended in the middle.
struct ReplyBroken {
  std::string why;
};
/// Interim heads may come before the one head; then the body in pieces, then the end. What follows
/// a 101 is no HTTP: it stays in `bytes`, and the reader is done.
using ReplyStep = std::variant<NeedMore, ReplyHead, BodyPiece, ReplyEnd, ReplyBroken>;

/// Takes one answer of HTTP/1.x (RFC 9112) out of a stream of bytes, cut anywhere. Lenient in what
/// cannot be mistaken, as proxies are: the answer is written anew for the client.
class ReplyReader {
 public:
  /// Bytes of heads, interim ones included.
  static constexpr std::size_t kHeadMax = 256 * 1024;

  /// Of an answer to HEAD no body is expected, whatever its head says.
  explicit ReplyReader(bool to_head_request);
  ~ReplyReader();

  /// Takes what it read from the front of `bytes`; to be called until it says NeedMore, ReplyEnd or
  /// ReplyBroken.
  ReplyStep next(std::string_view& bytes);

  /// The stream is at its end: where the body goes until then, that is the answer's end too.
  ReplyStep ended();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bootsman
