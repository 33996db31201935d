#include <doctest/doctest.h>

#include "wire/http.h"

namespace bootsman {

namespace {

/// What comes out of a parser that hands out the bodies of what lies below /up, one word each.
std::string read_streamed(std::string_view stream, std::size_t step) {
  HttpLimits limits;
  limits.body = 8;
  RequestParser parser(limits, [](const Request& head) { return head.path.starts_with("/up"); });
  std::string told;
  const auto tell = [&](const std::string& word) { told += (told.empty() ? "" : " ") + word; };
  std::string body;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string_view bytes = stream.substr(at, step);
    for (bool more = true; more;) {
      const auto said = parser.next(bytes);
      if (const auto* head = std::get_if<StreamedHead>(&said)) {
        tell(head->request.method + (head->request.chunked ? ":chunked" : ":") +
             (head->request.content_length ? std::to_string(*head->request.content_length) : "") +
             (head->request.expects_continue ? "?" : ""));
      } else if (const auto* piece = std::get_if<BodyPiece>(&said)) {
        body += piece->bytes;
      } else if (std::holds_alternative<RequestEnd>(said)) {
        tell("[" + body + "]");
        body.clear();
      } else if (const auto* whole = std::get_if<Request>(&said)) {
        tell(whole->path);
      } else if (const auto* refusal = std::get_if<Refusal>(&said)) {
        tell(std::to_string(refusal->status));
        return told;
      } else {
        more = false;
      }
    }
  }
  return told + (parser.between_requests() ? "" : " …");
}

}  // namespace

TEST_CASE("bodies come in pieces where they are wanted, cut anywhere") {
  struct Row {
    const char* name;
    std::string stream;
    std::string told;
  };
  const std::string host = " HTTP/1.1\r\nHost: a\r\n";
  const Row rows[] = {
      {"no body", "GET /up" + host + "\r\n", "GET: []"},
      {"a length", "POST /up" + host + "Content-Length: 3\r\n\r\nabc", "POST:3 [abc]"},
      {"an empty one", "POST /up" + host + "Content-Length: 0\r\n\r\n", "POST:0 []"},
      {"more than the limit of other bodies",
       "POST /up" + host + "Content-Length: 100\r\n\r\n" + std::string(100, 'x'),
       "POST:100 [" + std::string(100, 'x') + "]"},
      {"others keep that limit", "POST /x" + host + "Content-Length: 100\r\n\r\n", "413"},
      {"chunks",
       "POST /up" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n",
       "POST:chunked [abcde]"},
      {"trailers are dropped",
       "POST /up" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n",
       "POST:chunked [a]"},
      {"trailers behind as many headers as there may be",
       "POST /up" + host + [] {
         std::string most;
         for (int i = 0; i < 98; ++i) most += "A: b\r\n";
         return most;
       }() + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n",
       "POST:chunked []"},
      {"a trailer without an end is not gathered",
       "POST /up" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: " + std::string(200'000, 'x'),
       "POST:chunked …"},
      {"a client that waits to be asked",
       "POST /up" + host + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\na", "POST:1? [a]"},
      {"requests behind each other",
       "POST /up" + host + "Content-Length: 1\r\n\r\naGET /x" + host + "\r\nGET /up" + host +
           "\r\n",
       "POST:1 [a] /x GET: []"},
      {"a bad chunk", "POST /up" + host + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
       "POST:chunked 400"},
      {"a chunk longer than it says",
       "POST /up" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "POST:chunked 400"},
      {"a length beside chunks",
       "POST /up" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "400"},
      {"an upgrade is left to who takes the request",
       "GET /up" + host + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "GET: []"},
      {"a body that is not whole", "POST /up" + host + "Content-Length: 3\r\n\r\nab", "POST:3 …"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}, std::size_t{1 << 20}}) {
      CAPTURE(step);
      CHECK(read_streamed(row.stream, step) == row.told);
    }
  }
}

}  // namespace bootsman
