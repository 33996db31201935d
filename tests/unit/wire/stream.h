#pragma once

#include <string>
#include <string_view>

#include "wire/http.h"

namespace bootsman {

/// Feeds a stream to a parser in pieces of `step` bytes and tells what came out, one word each:
/// "GET:/path", "GET:/path+5" with a body of 5 bytes, "…!" when the connection ends after it,
/// "continue", "400"; "…" at the end when a further request has begun.
inline std::string read_stream(std::string_view stream, std::size_t step,
                               HttpLimits limits = HttpLimits{}) {
  RequestParser parser(limits);
  std::string told;
  const auto tell = [&told](const std::string& word) { told += (told.empty() ? "" : " ") + word; };
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string_view bytes = stream.substr(at, step);
    for (bool more = true; more;) {
      const auto said = parser.next(bytes);
      if (const auto* request = std::get_if<Request>(&said)) {
        tell(request->method + ":" + request->path +
             (request->body_size > 0 ? "+" + std::to_string(request->body_size) : "") +
             (request->keep_alive ? "" : "!"));
      } else if (const auto* refusal = std::get_if<Refusal>(&said)) {
        tell(std::to_string(refusal->status));
        return told;
      } else if (std::holds_alternative<ContinueWanted>(said)) {
        tell("continue");
      } else {
        more = false;
      }
    }
  }
  if (!parser.between_requests()) tell("…");
  return told;
}

}  // namespace bootsman
