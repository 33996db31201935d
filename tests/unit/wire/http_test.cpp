#include "wire/http.h"

#include <doctest/doctest.h>

#include "unit/wire/stream.h"

namespace bootsman {

namespace {

struct Row {
  std::string name;
  std::string stream;
  std::string told;
};

const Row kRows[] = {
    {"a plain request", "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "GET:/health"},
    {"nothing at all", "", ""},
    {"half a request line", "GET /hea", "…"},
    {"half of the headers", "GET / HTTP/1.1\r\nHost: a\r\nX", "…"},
    {"the query is no part of the path", "GET /health?verbose=1 HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET:/health"},
    {"two requests in one piece",
     "GET /a HTTP/1.1\r\nHost: a\r\n\r\nHEAD /b HTTP/1.1\r\nHost: a\r\n\r\n", "GET:/a HEAD:/b"},
    {"empty lines before a request", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET:/"},
    {"HTTP/1.0 needs no Host and closes", "GET / HTTP/1.0\r\n\r\n", "GET:/!"},
    {"HTTP/1.0 that asks to stay", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET:/"},
    {"HTTP/1.1 that asks to close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n",
     "GET:/!"},
    {"close among other options", "GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, close\r\n\r\n",
     "GET:/!"},
    {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET:/"},
    {"absolute-form", "GET http://h:8080/health?x HTTP/1.1\r\nHost: a\r\n\r\n", "GET:/health"},
    {"absolute-form without a path", "GET http://h HTTP/1.1\r\nHost: a\r\n\r\n", "GET:/"},
    {"absolute-form with a query alone", "GET http://h?x HTTP/1.1\r\nHost: a\r\n\r\n", "GET:/"},
    {"a URL inside the query", "GET /r?u=http://h/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET:/r"},
    {"asterisk-form of OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS:*"},
    {"a body by its length, then a request",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost:a\r\n\r\n",
     "POST:/a+3 GET:/b"},
    {"a length of 0", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST:/a"},
    {"a chunked body with an extension and trailers",
     "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
     "3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n",
     "POST:/a+13"},
    {"an incomplete body", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", "…"},
    {"Upgrade is ignored",
     "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
     "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET:/ws GET:/b"},
    {"bytes above 0x7f in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\xbd\xa0\r\n\r\n",
     "GET:/"},
};

}  // namespace

TEST_CASE("streams of requests, in one piece and cut at every byte") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    for (std::size_t step = 1; step <= row.stream.size(); ++step) {
      CAPTURE(step);
      CHECK(read_stream(row.stream, step) == row.told);
    }
  }
}

TEST_CASE("a client that expects 100 Continue is told so unless its body came along") {
  const std::string head =
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n";
  CHECK(read_stream(head + "abc", head.size()) == "continue POST:/a+3");
  CHECK(read_stream(head + "abc", head.size() + 3) == "POST:/a+3");
  CHECK(read_stream(head + "abc", 1) == "continue POST:/a+3");
}

TEST_CASE("headers come in order, names in lower case, values without blanks around") {
  RequestParser parser;
  std::string_view bytes =
      "GET /p?a=%20 HTTP/1.1\r\nHost: h\r\nX-One: \t 1 \t\r\nX-ONE: 2\r\nEmpty:\r\n\r\nrest";
  const auto said = parser.next(bytes);
  const auto* request = std::get_if<Request>(&said);
  REQUIRE(request != nullptr);
  CHECK(request->headers ==
        std::vector<Header>{{"host", "h"}, {"x-one", "1"}, {"x-one", "2"}, {"empty", ""}});
  CHECK(request->target == "/p?a=%20");
  CHECK(request->query == "a=%20");
  REQUIRE(request->header("x-one") != nullptr);
  CHECK(*request->header("x-one") == "1");
  CHECK(request->header("x-two") == nullptr);
  CHECK(bytes == "rest");
}

namespace {

struct LimitRow {
  std::string name;
  std::string stream;
  std::string told;
};

std::string get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}
std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

/// Under limits of 40 bytes of line, 60 of headers, 4 headers, 10 of body.
const LimitRow kLimitRows[] = {
    {"the longest line", get("/" + std::string(24, 'a')), "GET:/" + std::string(24, 'a')},
    {"a line one byte too long", get("/" + std::string(25, 'a')), "414"},
    {"a line that never ends", "GET /" + std::string(100, 'a'), "414"},
    {"empty lines that never end", repeated("\r\n", 50), "414"},
    {"the longest headers", get("/", "X: " + std::string(44, 'a') + "\r\n"), "GET:/"},
    {"headers one byte too long", get("/", "X: " + std::string(45, 'a') + "\r\n"), "431"},
    {"a header name that never ends", "GET / HTTP/1.1\r\n" + std::string(100, 'a'), "431"},
    {"blanks before a value that never end", "GET / HTTP/1.1\r\nX:" + std::string(100, ' '), "431"},
    {"the most headers", get("/", repeated("A: b\r\n", 3)), "GET:/"},
    {"one header too many", get("/", repeated("A: b\r\n", 4)), "431"},
    {"the limits count anew for each request", repeated(get("/" + std::string(24, 'a')), 2),
     "GET:/" + std::string(24, 'a') + " GET:/" + std::string(24, 'a')},
    {"the longest body", get("/", "Content-Length: 10\r\n") + "0123456789", "GET:/+10"},
    {"a length over the limit is refused before the body", get("/", "Content-Length: 11\r\n"),
     "413"},
    {"a huge length", get("/", "Content-Length: 18446744073709551615\r\n"), "413"},
    {"chunks that add up to too much",
     get("/", "Transfer-Encoding: chunked\r\n") + repeated("4\r\nabcd\r\n", 3), "413"},
    {"a chunk size over the limit",
     get("/", "Transfer-Encoding: chunked\r\n") + "ffffff\r\n" + std::string(60, 'x'), "413"},
    {"a chunk extension that never ends",
     get("/", "Transfer-Encoding: chunked\r\n") + "1;" + std::string(200, 'x'), "413"},
    {"trailers that never end",
     get("/", "Transfer-Encoding: chunked\r\n") + "0\r\n" + std::string(200, 'x'), "413"},
};

}  // namespace

TEST_CASE("every cost of a request has a limit, however it is cut") {
  const HttpLimits limits{40, 60, 4, 10};
  for (const auto& row : kLimitRows) {
    CAPTURE(row.name);
    for (std::size_t step = 1; step <= row.stream.size(); ++step) {
      CAPTURE(step);
      CHECK(read_stream(row.stream, step, limits) == row.told);
    }
  }
}

TEST_CASE("after a refusal only the refusal comes") {
  RequestParser parser;
  std::string_view bytes = "BAD\r\n\r\n";
  CHECK(std::holds_alternative<Refusal>(parser.next(bytes)));
  bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(std::holds_alternative<Refusal>(parser.next(bytes)));
}

}  // namespace bootsman
