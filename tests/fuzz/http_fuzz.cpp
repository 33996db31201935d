#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/http.h"
#include "wire/http_reply.h"

// The first byte says how the rest is cut; whatever comes, the pieces give the same requests as the
// whole, and a request holds what RFC 9112 asks of it.

namespace {

std::string read(std::string_view stream, std::size_t step) {
  bootsman::RequestParser parser;
  std::string told;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string_view bytes = stream.substr(at, step);
    for (bool more = true; more;) {
      const auto said = parser.next(bytes);
      if (const auto* request = std::get_if<bootsman::Request>(&said)) {
        if (request->path.empty() || request->method.empty()) __builtin_trap();
        if (!request->http_1_0 && request->header("host") == nullptr) __builtin_trap();
        told += request->method + " " + request->path + "\n";
        told += bootsman::serialise(bootsman::plain_response(404, request->path), *request);
      } else if (const auto* refusal = std::get_if<bootsman::Refusal>(&said)) {
        if (refusal->status < 400) __builtin_trap();
        return told + std::to_string(refusal->status);
      } else {
        more = std::holds_alternative<bootsman::ContinueWanted>(said);
      }
    }
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 16;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (read(stream, step) != read(stream, stream.size() + 1)) __builtin_trap();
  bootsman::ReplyParser reply;
  (void)reply.feed(stream);
  return 0;
}
