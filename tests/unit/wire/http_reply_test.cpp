#include "wire/http_reply.h"

#include <doctest/doctest.h>

#include <string>

namespace bootsman {

namespace {

struct Row {
  std::string name;
  std::string bytes;
  std::string told;
};

const Row kRows[] = {
    {"a plain answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200"},
    {"no reason phrase", "HTTP/1.1 503\r\n\r\n", "503"},
    {"HTTP/1.0", "HTTP/1.0 404 Not Found\r\n\r\n", "404"},
    {"line ends without CR", "HTTP/1.1 302 Found\nLocation: /x\n\n", "302"},
    {"interim answers are passed over",
     "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No "
     "Content\r\n\r\n",
     "204"},
    {"the head is not complete", "HTTP/1.1 200 OK\r\nX: y\r\n", "more"},
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "error"},
    {"a TLS alert", "\x15\x03\x01\x02\x02", "error"},
    {"a head that never ends", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), "error"},
};

std::string read(const std::string& bytes, std::size_t step) {
  ReplyParser parser;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const auto said = parser.feed(std::string_view(bytes).substr(at, step));
    if (!said) return "error";
    if (*said) return std::to_string(**said);
  }
  return "more";
}

}  // namespace

TEST_CASE("the status of an answer, however it is cut") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    for (std::size_t step : {1UL, 2UL, 7UL, 1000UL, 100'000UL}) {
      CAPTURE(step);
      CHECK(read(row.bytes, step) == row.told);
    }
  }
}

}  // namespace bootsman
