#include <doctest/doctest.h>

#include "wire/http.h"

namespace bootsman {

namespace {

struct Row {
  std::string name;
  Response response;
  Request request;
  std::string bytes;
};

Request asked(std::string method, bool http_1_0, bool keep_alive) {
  Request request;
  request.method = std::move(method);
  request.http_1_0 = http_1_0;
  request.keep_alive = keep_alive;
  return request;
}

const std::string kStart = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n";
const Response kHi{200, "text/plain", {}, "hi"};

const Row kRows[] = {
    {"a GET that stays", kHi, asked("GET", false, true), kStart + "\r\nhi"},
    {"a GET that closes", kHi, asked("GET", false, false), kStart + "Connection: close\r\n\r\nhi"},
    {"HEAD has the length and no body", kHi, asked("HEAD", false, true), kStart + "\r\n"},
    {"HTTP/1.0 that stays", kHi, asked("GET", true, true),
     kStart + "Connection: keep-alive\r\n\r\nhi"},
    {"an unknown status",
     {299, "a/b", {}, ""},
     asked("GET", false, true),
     "HTTP/1.1 299 Unknown\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n"},
    {"a header can't start another one",
     {404, "a/b", {{"X", "1\r\nSet-Cookie: x"}}, ""},
     asked("GET", false, true),
     "HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\nContent-Length: 0\r\n"
     "X: 1  Set-Cookie: x\r\n\r\n"},
};

}  // namespace

TEST_CASE("answers as bytes") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    CHECK(serialise(row.response, row.request) == row.bytes);
  }
}

}  // namespace bootsman
