#include <doctest/doctest.h>

#include "unit/wire/stream.h"

namespace bootsman {

namespace {

struct Row {
  std::string name;
  std::string stream;
  int status;
};

// clang-format off
const std::string operator""_bytes(const char* text, std::size_t size) { return {text, size}; }

const Row kRows[] = {
    {"two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a tab after the method", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a tab before the version", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"_bytes, 400},
    {"a tab behind the version", "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n"_bytes, 400},
    {"no version", "GET /\r\nHost: a\r\n\r\n"_bytes, 505},
    {"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"only a method", "GET\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a method in lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"an unknown method", "FOO / HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a method with a known start", "GETX / HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a version without a name", "GET / /1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a version without its minor", "GET / HTTP/1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a version of two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a version with a comma", "GET / HTTP/1,1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a version with letters", "GET / HTTP/x.y\r\nHost: a\r\n\r\n"_bytes, 400},
    {"another protocol", "GET / ICY/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a target without a slash", "GET health HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a target with a scheme that is none of ours", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a scheme without a host", "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"an asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a file URL", "GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a third word", "GET / x HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a control character in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"DEL in the target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a carriage return in the target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"an authority for GET", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 400},
    {"a TLS hello", "\x16\x03\x01\x02\r\nHost: a\r\n\r\n"_bytes, 400},
    {"an SSH banner", "SSH-2.0-OpenSSH_9.2\r\nHost: a\r\n\r\n"_bytes, 400},
    {"an answer", "HTTP/1.1 200 OK\r\nHost: a\r\n\r\n"_bytes, 400},
    {"an RTSP request", "DESCRIBE / RTSP/1.0\r\nHost: a\r\n\r\n"_bytes, 505},
    {"HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"_bytes, 505},
    {"HTTP/0.9 with its version", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"_bytes, 505},
    {"HTTP/2.0 as text", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"_bytes, 505},
    {"HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n"_bytes, 400},
    {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"_bytes, 501},
    {"a bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"_bytes, 400},
    {"a bare CR after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n"_bytes, 400},
    {"no Host", "GET / HTTP/1.1\r\n\r\n"_bytes, 400},
    {"Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"_bytes, 400},
    {"Host twice with other values", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"_bytes, 400},
    {"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"_bytes, 400},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"_bytes, 400},
    {"Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"_bytes, 400},
    {"Host with a list", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"_bytes, 400},
    {"Host with a query", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n"_bytes, 400},
    {"a bare LF after a header", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"_bytes, 400},
    {"a bare CR after a header", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"_bytes, 400},
    {"a header without a colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"_bytes, 400},
    {"a header without a name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"_bytes, 400},
    {"a space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"_bytes, 400},
    {"a tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: b\r\n\r\n"_bytes, 400},
    {"a space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"_bytes, 400},
    {"a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"_bytes, 400},
    {"a header folded by a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n"_bytes, 400},
    {"a space in a name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n"_bytes, 400},
    {"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"_bytes, 400},
    {"NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"_bytes, 400},
    {"a control character in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n"_bytes, 400},
    {"DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\x7f\r\n\r\n"_bytes, 400},
    {"a bracket in a name", "GET / HTTP/1.1\r\nHost: a\r\nX[1]: b\r\n\r\n"_bytes, 400},
    {"a byte above 0x7f in a name", "GET / HTTP/1.1\r\nHost: a\r\n\xc3\xa9: b\r\n\r\n"_bytes, 400},
    {"a slash in a name", "GET / HTTP/1.1\r\nHost: a\r\nX/Y: b\r\n\r\n"_bytes, 400},
    {"a quote in a name", "GET / HTTP/1.1\r\nHost: a\r\n\"X\": b\r\n\r\n"_bytes, 400},
    {"CR CR LF at the end", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"_bytes, 400},
    {"two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"_bytes, 400},
    {"two different lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"_bytes, 400},
    {"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc"_bytes, 400},
    {"a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"_bytes, 400},
    {"a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"_bytes, 400},
    {"a length in hexadecimal", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc"_bytes, 400},
    {"a length with a fraction", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3.0\r\n\r\nabc"_bytes, 400},
    {"a length with a space inside", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 3\r\n\r\nabc"_bytes, 400},
    {"a length that is a word", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: three\r\n\r\nabc"_bytes, 400},
    {"an empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"_bytes, 400},
    {"a length of 2^64", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n"_bytes, 400},
    {"length and chunks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"chunks and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"an unknown encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc"_bytes, 400},
    {"chunked is not the last encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"an encoding before chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"_bytes, 501},
    {"chunked twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"chunked by two headers", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"chunked with a strange byte", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"xchunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"an expectation that is not known", "POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 0\r\n\r\n"_bytes, 417},
    {"a chunk size that is no number", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"_bytes, 400},
    {"an empty chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"_bytes, 400},
    {"a negative chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"_bytes, 400},
    {"a chunk size with 0x", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"_bytes, 400},
    {"a chunk longer than its size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"_bytes, 400},
    {"a chunk shorter than its size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n0\r\n\r\n"_bytes, 400},
    {"a chunk size beyond 64 bits", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"_bytes, 400},
    {"a bare LF after a chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"_bytes, 400},
    {"a bare LF after a chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n"_bytes, 400},
    {"a space before a chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n"_bytes, 400},
    {"a space behind a chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"_bytes, 400},
    {"a bare LF in a chunk extension", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nbc\r\nabc\r\n0\r\n\r\n"_bytes, 400},
    {"a trailer without a colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n"_bytes, 400},
    {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"_bytes, 400},
    {"a body of GET that is a second, broken request", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGARBAGE\r\n\r\n"_bytes, 400},};
// clang-format on

}  // namespace

TEST_CASE("malformed requests are refused, however they are cut") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    for (std::size_t step = 1; step <= row.stream.size(); ++step) {
      CAPTURE(step);
      const auto told = read_stream(row.stream, step);
      const auto last = told.substr(told.find_last_of(' ') + 1);
      CHECK(last == std::to_string(row.status));
      if (last != std::to_string(row.status)) break;
    }
  }
}

}  // namespace bootsman
