#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bootsman {

/// What one request may cost. Everything over a limit is refused, never cut.
struct HttpLimits {
  std::size_t request_line = 8 * 1024;  ///< Bytes, line end included: 414 beyond.
  std::size_t headers = 32 * 1024;      ///< Bytes of all header lines together: 431 beyond.
  std::size_t header_count = 100;       ///< 431 beyond.
  std::size_t body = 1024 * 1024;       ///< Bytes: 413 beyond.
};

struct Header {
  std::string name;  ///< In lower case when it was read from the wire.
  std::string value;
  bool operator==(const Header&) const = default;
};

/// One whole request. Its body was counted and dropped: no route takes one; or, of a streamed
/// request, its head.
struct Request {
  std::string method;     ///< "GET", "HEAD", …
  std::string target;     ///< As it was sent.
  std::string path;       ///< Of origin-form and absolute-form alike, not decoded; "*" of OPTIONS.
  std::string query;      ///< Without the "?".
  std::string authority;  ///< Of absolute-form; else empty.
  std::vector<Header> headers;
  std::size_t body_size = 0;
  std::optional<std::uint64_t> content_length;  ///< Where the head says it.
  bool chunked = false;                         ///< The body comes in chunks.
  bool expects_continue = false;  ///< The client waits for "100 Continue" before it sends it.
  bool http_1_0 = false;
  bool keep_alive = true;  ///< What the client asks for, by its version and Connection.

  /// The first header of that lower-case name, or nullptr.
  const std::string* header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<Header> headers;  ///< Beside Content-Type, Content-Length and Connection.
  std::string body;
};

/// The bytes of an answer (RFC 9112): Content-Length always, no body after HEAD, Connection where
/// it differs from the version's habit. Control characters in headers become spaces.
std::string serialise(const Response& response, const Request& request);

/// How the end of a body is told whose length is not known before (RFC 9112, 6).
enum class StreamFraming : std::uint8_t { Counted, Chunked, UntilClose };

/// The head of an answer whose body comes in pieces; with `length` where that is known. HTTP/1.0
/// knows no chunks: there the end of the connection is the end of the body, and
/// `request.keep_alive` counts as false. `response.body` is not looked at.
struct StreamHead {
  StreamFraming framing = StreamFraming::Chunked;
  std::string bytes;
};
StreamHead stream_head(const Response& response, const Request& request,
                       std::optional<std::uint64_t> length);
/// One chunk; empty for no bytes, since an empty chunk would be the last one.
std::string chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// Whether the client asks for this protocol in place of HTTP (RFC 9110, 7.8).
bool wants_upgrade(const Request& request, std::string_view protocol);
/// "101 Switching Protocols", with the headers of `response` beside Connection and Upgrade.
std::string upgrade_head(const Response& response, std::string_view protocol);

/// "Not Found" for 404; "Unknown" for a status that this server never sends.
std::string_view status_text(int status);

/// A short text/plain answer: "404 Not Found: WHY".
Response plain_response(int status, std::string_view why);

// What RequestParser::next may say.
struct NeedMore {};
/// The client waits for "100 Continue" before it sends its body.
struct ContinueWanted {};
/// Answer with this and close: where the next request would start is not known.
struct Refusal {
  int status = 400;
  std::string why;
};
/// The head of a streamed request; its body follows in pieces, then RequestEnd.
struct StreamedHead {
  Request request;
};
/// A part of the body, without its chunks' sizes; good until the next call or change of the bytes.
struct BodyPiece {
  std::string_view bytes;
};
struct RequestEnd {};
using ParseStep =
    std::variant<NeedMore, ContinueWanted, Request, Refusal, StreamedHead, BodyPiece, RequestEnd>;

/// Whether the body of the request with this head is wanted in pieces; then it has no limit.
using StreamFilter = std::function<bool(const Request& head)>;

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// Takes HTTP/1.x requests (RFC 9112) out of a stream of bytes, cut anywhere. Strict where
/// leniency lets two servers read one stream differently: bare LF, spaces around names, both or two
/// lengths, missing or doubled Host are refused.
class RequestParser {
 public:
  explicit RequestParser(HttpLimits limits = {}, StreamFilter streams = {});
  ~RequestParser();

  /// Reads on, at most to the end of one request, and takes what it read from the front of
  /// `bytes`. Call again while it says something else than NeedMore, even when `bytes` is empty.
  /// After a Refusal only that refusal comes.
  ParseStep next(std::string_view& bytes);

  /// Nothing of a further request has come yet.
  bool between_requests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The version of the parser library, "9.4.3".
std::string http_parser_version();

}  // namespace bootsman
