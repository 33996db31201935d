#include <algorithm>
#include <array>
#include <utility>

#include "wire/http.h"

namespace bootsman {

namespace {

constexpr std::array<std::pair<int, std::string_view>, 17> kStatusTexts{{
    {200, "OK"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

void add_header(std::string& out, std::string_view name, std::string_view value) {
  const auto add_clean = [&out](std::string_view text) {
    for (char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  };
  add_clean(name);
  out += ": ";
  add_clean(value);
  out += "\r\n";
}

}  // namespace

std::string_view status_text(int status) {
  const auto found =
      std::ranges::find(kStatusTexts, status, &std::pair<int, std::string_view>::first);
  return found == kStatusTexts.end() ? "Unknown" : found->second;
}

Response plain_response(int status, std::string_view why) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::to_string(status) + " " + std::string(status_text(status)) + ": " +
                  std::string(why) + "\n";
  return response;
}

std::string serialise(const Response& response, const Request& request) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += status_text(response.status);
  out += "\r\n";
  add_header(out, "Content-Type", response.content_type);
  add_header(out, "Content-Length", std::to_string(response.body.size()));
  for (const auto& header : response.headers) add_header(out, header.name, header.value);
  if (!request.keep_alive) {
    add_header(out, "Connection", "close");
  } else if (request.http_1_0) {
    add_header(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  if (request.method != "HEAD") out += response.body;
  return out;
}

}  // namespace bootsman
