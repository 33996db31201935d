#include <doctest/doctest.h>

#include <vector>

#include "wire/http.h"

namespace bootsman {

namespace {

Request parsed(std::string_view text) {
  RequestParser parser;
  auto said = parser.next(text);
  REQUIRE(std::holds_alternative<Request>(said));
  return std::get<Request>(std::move(said));
}

}  // namespace

TEST_CASE("the head of an answer in pieces tells how its end is found") {
  struct Row {
    const char* what;
    const char* request;
    std::optional<std::uint64_t> length;
    StreamFraming framing;
    const char* header;
  };
  const std::vector<Row> rows{
      {"HTTP/1.1 has chunks",
       "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
       {},
       StreamFraming::Chunked,
       "Transfer-Encoding: chunked\r\n"},
      {"a length that is known needs none", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 7,
       StreamFraming::Counted, "Content-Length: 7\r\n"},
      {"HTTP/1.0 has the end of the connection",
       "GET / HTTP/1.0\r\n\r\n",
       {},
       StreamFraming::UntilClose,
       "Connection: close\r\n"},
      {"also where it asks to be kept",
       "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
       {},
       StreamFraming::UntilClose,
       "Connection: close\r\n"},
      {"HTTP/1.0 is kept with a length", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 7,
       StreamFraming::Counted, "Connection: keep-alive\r\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto head = stream_head({200, "text/plain", {{"X-A", "b\nc"}}, "unused"},
                                  parsed(row.request), row.length);
    CHECK(head.framing == row.framing);
    CHECK(head.bytes.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
    CHECK(head.bytes.find(row.header) != std::string::npos);
    CHECK(head.bytes.ends_with("\r\n\r\n"));
    CHECK(head.bytes.find("X-A: b c\r\n") != std::string::npos);
    CHECK(head.bytes.find("unused") == std::string::npos);
  }
}

TEST_CASE("a chunk has its size before it, and no bytes make none") {
  CHECK(chunk("0123456789abcdef!") == "11\r\n0123456789abcdef!\r\n");
  CHECK(chunk("") == "");
}

TEST_CASE("who asks for another protocol") {
  struct Row {
    const char* what;
    const char* headers;
    bool wants;
  };
  const std::vector<Row> rows{
      {"both headers", "Connection: Upgrade\r\nUpgrade: echo/1\r\n", true},
      {"in any case", "connection: upgrade\r\nUPGRADE: Echo/1\r\n", true},
      {"in lists", "Connection: keep-alive , Upgrade\r\nUpgrade: x, echo/1\r\n", true},
      {"in several headers", "Connection: close\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n",
       true},
      {"without Connection", "Upgrade: echo/1\r\n", false},
      {"without Upgrade", "Connection: Upgrade\r\n", false},
      {"another protocol", "Connection: Upgrade\r\nUpgrade: echo/10\r\n", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(wants_upgrade(parsed("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(row.headers) + "\r\n"),
                        "echo/1") == row.wants);
  }
  CHECK_FALSE(wants_upgrade(
      parsed("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n"), "echo/1"));
  CHECK(upgrade_head({200, "text/plain", {{"X-Key", "1"}}, "body"}, "echo/1") ==
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\nX-Key: "
        "1\r\n\r\n");
}

}  // namespace bootsman
