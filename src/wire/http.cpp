#include "wire/http.h"

#include <llhttp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/letter_case.h"
#include "wire/piece_joiner.h"

namespace bootsman {

namespace {

std::string_view trim_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Finds path and query in the target; false when its form is none that this server serves.
bool split_target(Request& request) {
  std::string_view rest = request.target;
  if (rest == "*") {
    request.path = "*";
    return request.method == "OPTIONS";
  }
  if (const auto scheme = rest.find("://"); !rest.starts_with('/') && scheme != rest.npos) {
    const auto kind = lower(rest.substr(0, scheme));
    if (kind != "http" && kind != "https") return false;
    rest.remove_prefix(scheme + 3);
    const auto authority = std::min(rest.find_first_of("/?"), rest.size());
    if (authority == 0) return false;
    request.authority = rest.substr(0, authority);
    rest.remove_prefix(authority);
  } else if (!rest.starts_with('/')) {
    return false;
  }
  if (rest.find('#') != rest.npos) return false;
  const auto mark = std::min(rest.find('?'), rest.size());
  request.path = mark == 0 ? "/" : std::string(rest.substr(0, mark));
  request.query = rest.substr(std::min(mark + 1, rest.size()));
  return true;
}

bool ends_chunked(std::string_view encodings) {
  return encodings.find(',') != encodings.npos &&
         trim_blanks(encodings.substr(encodings.rfind(',') + 1)) == "chunked";
}

bool host_is_sane(std::string_view host) {
  return host.find_first_of(" \t/\\?#@,") == host.npos;
}

}  // namespace

const std::string* Request::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? nullptr : &found->value;
}

struct RequestParser::Impl {
  /// The request line is fed alone, so that its length and its spaces can be looked at: the parser
  /// library has no limits and takes several spaces for one.
  enum class Part : std::uint8_t { Line, Headers, Body };

  Impl(HttpLimits of, StreamFilter filter) : limits(of), streams(std::move(filter)) {
    static const llhttp_settings_t kTable = settings();
    llhttp_init(&parser, HTTP_REQUEST, &kTable);
    parser.data = this;
  }

  ParseStep next(std::string_view& bytes);
  std::size_t look_at_line(std::string_view bytes);
  std::size_t may_feed(std::string_view bytes);
  ParseStep finish();
  ParseStep stopped(llhttp_errno_t error, std::string_view bytes);
  void judge_head();
  void judge_lengths();
  void refuse(int status, std::string why) { refusal = Refusal{status, std::move(why)}; }

  static llhttp_settings_t settings();
  static Impl& of(llhttp_t* p) { return *static_cast<Impl*>(p->data); }
  template <auto Member>
  static int append(llhttp_t* p, const char* at, std::size_t size) noexcept;
  static int header_complete(llhttp_t* p) noexcept;
  static int body(llhttp_t* p, const char* at, std::size_t size) noexcept;

  HttpLimits limits;
  StreamFilter streams;
  llhttp_t parser;
  Part part = Part::Line;
  std::size_t used = 0;  ///< Raw bytes of this part.
  char last = 0;         ///< The byte of the request line before the next one.
  bool started = false;  ///< A byte of a request line has come.
  bool complete = false;
  bool wants_continue = false;
  bool streaming = false;  ///< The body of this request is handed out.
  PieceJoiner pieces;      ///< Of the body, not handed out yet.
  std::string method;
  std::string target;
  std::string protocol;
  std::string name;   ///< Of the header that is being read.
  std::string value;  ///< Likewise.
  Request request;
  std::optional<Refusal> refusal;
};

// Nothing may be thrown through the library: what fails becomes HPE_USER.
template <auto Member>
int RequestParser::Impl::append(llhttp_t* p, const char* at, std::size_t size) noexcept {
  try {
    // Trailers are dropped, and so not gathered: a streamed body has no limit.
    if (of(p).part != Part::Body) (of(p).*Member).append(at, size);
    return HPE_OK;
  } catch (...) {
    return HPE_USER;
  }
}

int RequestParser::Impl::header_complete(llhttp_t* p) noexcept {
  auto& self = of(p);
  try {
    // Trailers come after the head was judged: they are dropped.
    if (self.part == Part::Body) return HPE_OK;
    if (self.request.headers.size() >= self.limits.header_count) {
      self.refuse(431, "more than " + std::to_string(self.limits.header_count) + " headers");
      return HPE_USER;
    }
    self.request.headers.push_back({lower(self.name), std::string(trim_blanks(self.value))});
    self.name.clear();
    self.value.clear();
    return HPE_OK;
  } catch (...) {
    return HPE_USER;
  }
}

int RequestParser::Impl::body(llhttp_t* p, const char* at, std::size_t size) noexcept {
  auto& self = of(p);
  if (!self.streaming) {
    self.request.body_size += size;
    return self.request.body_size > self.limits.body ? HPE_USER : HPE_OK;
  }
  try {
    self.pieces.add({at, size});
    return HPE_OK;
  } catch (...) {
    return HPE_USER;
  }
}

llhttp_settings_t RequestParser::Impl::settings() {
  llhttp_settings_t table;
  llhttp_settings_init(&table);
  table.on_method = &append<&Impl::method>;
  table.on_protocol = &append<&Impl::protocol>;
  table.on_url = &append<&Impl::target>;
  table.on_header_field = &append<&Impl::name>;
  table.on_header_value = &append<&Impl::value>;
  table.on_header_value_complete = &header_complete;
  table.on_headers_complete = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
  table.on_body = &body;
  table.on_message_complete = [](llhttp_t* p) {
    of(p).complete = true;
    return static_cast<int>(HPE_PAUSED);
  };
  return table;
}

/// How many of the bytes belong to the request line, its line end included.
std::size_t RequestParser::Impl::look_at_line(std::string_view bytes) {
  const auto end = bytes.find('\n');
  const auto size = end == bytes.npos ? bytes.size() : end + 1;
  used += size;
  if (used > limits.request_line) refuse(414, "the request line is too long");
  for (char c : bytes.substr(0, size)) {
    if (c == ' ' && last == ' ') refuse(400, "two spaces in the request line");
    started = started || (c != '\r' && c != '\n');
    last = c;
  }
  return size;
}

/// How many of the bytes the library may see at once without missing a limit.
std::size_t RequestParser::Impl::may_feed(std::string_view bytes) {
  if (part == Part::Line) return look_at_line(bytes);
  if (part == Part::Headers) {
    const auto size = std::min(bytes.size(), limits.headers - used);
    if (size == 0 && !bytes.empty()) refuse(431, "the headers are too long");
    return size;
  }
  if (streaming) return bytes.size();
  // Chunk sizes, their extensions and trailers count too, so that a body of nothing but these ends.
  const auto most = limits.body * 2 + limits.headers;
  const auto size = std::min(bytes.size(), most - used);
  if (size == 0 && !bytes.empty()) refuse(413, "the body is too long");
  return size;
}

ParseStep RequestParser::Impl::next(std::string_view& bytes) {
  pieces.begin();
  if (complete) return finish();
  // After its pause at the end of the head the library may be done without another byte.
  bool resumed = part == Part::Body;
  while (!refusal && (!bytes.empty() || resumed)) {
    const auto size = may_feed(bytes);
    if (refusal) break;
    const auto error = llhttp_execute(&parser, bytes.data(), size);
    const auto taken = error == HPE_OK
                           ? size
                           : static_cast<std::size_t>(llhttp_get_error_pos(&parser) - bytes.data());
    const char end = taken == 0 ? '\0' : bytes[taken - 1];
    bytes.remove_prefix(taken);
    if (part != Part::Line) used += taken;
    if (error != HPE_OK) {
      auto said = stopped(error, bytes);
      // What came before the mistake comes first, however the bytes were cut.
      if (refusal && !pieces.empty()) return BodyPiece{pieces.take()};
      if (!std::holds_alternative<NeedMore>(said)) return said;
    } else if (part == Part::Line && end == '\n' && !method.empty()) {
      part = Part::Headers;
      used = 0;
    }
    if (!pieces.empty()) return BodyPiece{pieces.take()};
    resumed = error == HPE_PAUSED;
  }
  if (refusal) return *refusal;
  return NeedMore{};
}

/// Judges why the library stopped; NeedMore means "go on".
ParseStep RequestParser::Impl::stopped(llhttp_errno_t error, std::string_view bytes) {
  if (error != HPE_PAUSED) {
    if (!refusal && part == Part::Body && request.body_size > limits.body) {
      refuse(413, "the body is too long");
    } else if (!refusal && error == HPE_PAUSED_H2_UPGRADE) {
      refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    } else if (!refusal) {
      const char* reason = llhttp_get_error_reason(&parser);
      refuse(400, reason != nullptr && *reason != '\0' ? reason : llhttp_errno_name(error));
    }
    return *refusal;
  }
  if (complete) {
    llhttp_resume(&parser);
    if (!pieces.empty()) return BodyPiece{pieces.take()};
    return finish();
  }
  judge_head();
  if (refusal) return *refusal;
  part = Part::Body;
  used = 0;
  parser.upgrade = 0;  // RFC 9110, 7.8: a server may ignore Upgrade.
  llhttp_resume(&parser);
  if (streaming) return StreamedHead{request};
  if (wants_continue && bytes.empty()) return ContinueWanted{};
  return NeedMore{};
}

void RequestParser::Impl::judge_head() {
  request.method = std::move(method);
  request.target = std::move(target);
  request.http_1_0 = parser.http_major == 1 && parser.http_minor == 0;
  request.keep_alive = llhttp_should_keep_alive(&parser) != 0;
  method.clear();
  target.clear();
  const bool is_http = std::exchange(protocol, {}) == "HTTP";  // The library knows RTSP too.
  if (!is_http || parser.http_major != 1 || parser.http_minor > 1) {
    return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  }
  if (request.method == "CONNECT") return refuse(501, "this is no proxy");
  if (!split_target(request)) return refuse(400, "the target is neither a path nor an http URL");
  const auto hosts = std::ranges::count(request.headers, "host", &Header::name);
  if (hosts > 1) return refuse(400, "more than one Host");
  if (hosts == 0 && !request.http_1_0) return refuse(400, "Host is missing");
  if (hosts == 1 && !host_is_sane(*request.header("host"))) {
    return refuse(400, "Host is not a host");
  }
  if (!host_is_sane(request.authority)) return refuse(400, "the target's host is none");
  judge_lengths();
}

void RequestParser::Impl::judge_lengths() {
  const auto* encoding = request.header("transfer-encoding");
  if (encoding != nullptr && request.http_1_0) {
    return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
  }
  // RFC 9112, 6.3: where chunked is not the last, the end of the body cannot be told.
  if (encoding != nullptr && lower(*encoding) != "chunked" && !ends_chunked(lower(*encoding))) {
    return refuse(400, "the Transfer-Encoding does not end with chunked");
  }
  if (encoding != nullptr && lower(*encoding) != "chunked") {
    return refuse(501, "no Transfer-Encoding but chunked is known here");
  }
  request.chunked = encoding != nullptr;
  if (request.header("content-length") != nullptr) request.content_length = parser.content_length;
  streaming = streams && streams(request);
  if (!streaming && encoding == nullptr && parser.content_length > limits.body) {
    return refuse(413, "the body is too long");
  }
  const auto* expect = request.header("expect");
  if (expect == nullptr || request.http_1_0) return;
  if (lower(*expect) != "100-continue") return refuse(417, "only 100-continue can be expected");
  wants_continue = encoding != nullptr || parser.content_length > 0;
  request.expects_continue = wants_continue;
}

ParseStep RequestParser::Impl::finish() {
  part = Part::Line;
  used = 0;
  last = 0;
  started = false;
  complete = false;
  wants_continue = false;
  auto whole = std::exchange(request, Request{});
  if (std::exchange(streaming, false)) return RequestEnd{};
  return whole;
}

RequestParser::RequestParser(HttpLimits limits, StreamFilter streams)
    : impl_(std::make_unique<Impl>(limits, std::move(streams))) {}
RequestParser::~RequestParser() = default;

bool RequestParser::between_requests() const {
  return !impl_->started;
}

ParseStep RequestParser::next(std::string_view& bytes) {
  return impl_->next(bytes);
}

std::string http_parser_version() {
  return std::to_string(LLHTTP_VERSION_MAJOR) + "." + std::to_string(LLHTTP_VERSION_MINOR) + "." +
         std::to_string(LLHTTP_VERSION_PATCH);
}

}  // namespace bootsman
