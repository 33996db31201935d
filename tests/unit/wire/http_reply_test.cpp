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

namespace {

struct BodyRow {
  std::string name;
  std::string bytes;  ///< Behind a good status line.
  std::string told;
};

const BodyRow kBodyRows[] = {
    {"a body that has it", "Content-Length: 10\r\n\r\nit is fine", "found"},
    {"a body that has it, before its end", "Content-Length: 100\r\n\r\nfine and", "found"},
    {"a body that lacks it", "Content-Length: 4\r\n\r\nfin.", "lacking"},
    {"a body that may yet have it", "Content-Length: 9\r\n\r\nit is fi", "open"},
    {"no body", "Content-Length: 0\r\n\r\n", "lacking"},
    {"a body until the connection ends", "\r\nit is f", "open"},
    {"chunks cut the text", "Transfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n",
     "found"},
    {"the text in the frame of a chunk is none of the body",
     "Transfer-Encoding: chunked\r\n\r\n2;fine=1\r\nab\r\n0\r\n\r\n", "lacking"},
    {"chunks that are broken", "Transfer-Encoding: chunked\r\n\r\nzz\r\nfine", "lacking"},
    {"the text in the head is none of the body", "X: fine\r\nContent-Length: 2\r\n\r\nno",
     "lacking"},
    {"the last byte that is looked at",
     "\r\n" + std::string(ReplyParser::kBodyMax - 4, 'x') + "fine", "found"},
    {"behind what is looked at", "\r\n" + std::string(ReplyParser::kBodyMax - 3, 'x') + "fine",
     "lacking"},
};

std::string look(const std::string& bytes, std::size_t step) {
  ReplyParser parser("fine");
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const auto said = parser.feed(std::string_view(bytes).substr(at, step));
    if (!said) return "error";
    if (*said && parser.body() != ReplyParser::Body::Open) {
      return parser.body() == ReplyParser::Body::Found ? "found" : "lacking";
    }
  }
  return "open";
}

}  // namespace

TEST_CASE("a text in the body of an answer, however it is cut") {
  for (const auto& row : kBodyRows) {
    CAPTURE(row.name);
    for (std::size_t step : {1UL, 3UL, 1000UL, 100'000UL}) {
      CAPTURE(step);
      CHECK(look("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n" + row.bytes, step) == row.told);
    }
  }
}

}  // namespace bootsman
