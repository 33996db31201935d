#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/letter_case.h"
#include "base/text.h"
#include "wire/http.h"

namespace bootsman {

namespace {

constexpr std::array<std::pair<int, std::string_view>, 22> kStatusTexts{{
    {101, "Switching Protocols"},
    {200, "OK"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
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

std::string status_line(int status) {
  std::string line = "HTTP/1.1 " + std::to_string(status) + " ";
  line += status_text(status);
  return line + "\r\n";
}

void add_connection(std::string& out, const Request& request) {
  if (!request.keep_alive) {
    add_header(out, "Connection", "close");
  } else if (request.http_1_0) {
    add_header(out, "Connection", "keep-alive");
  }
}

/// Whether one of the headers of that name has the word in its list.
bool lists(const Request& request, std::string_view name, std::string_view word) {
  return std::ranges::any_of(request.headers, [&](const Header& header) {
    if (header.name != name) return false;
    const auto words = split(header.value, ',');
    return std::ranges::any_of(words, [&](auto one) { return same_word(trim(one), word); });
  });
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
  std::string out = status_line(response.status);
  add_header(out, "Content-Type", response.content_type);
  add_header(out, "Content-Length", std::to_string(response.body.size()));
  for (const auto& header : response.headers) add_header(out, header.name, header.value);
  add_connection(out, request);
  out += "\r\n";
  if (request.method != "HEAD") out += response.body;
  return out;
}

StreamHead stream_head(const Response& response, const Request& request,
                       std::optional<std::uint64_t> length) {
  StreamHead head{StreamFraming::Chunked, status_line(response.status)};
  if (length) {
    head.framing = StreamFraming::Counted;
  } else if (request.http_1_0) {
    head.framing = StreamFraming::UntilClose;
  }
  if (!response.content_type.empty()) {
    add_header(head.bytes, "Content-Type", response.content_type);
  }
  if (length) add_header(head.bytes, "Content-Length", std::to_string(*length));
  if (head.framing == StreamFraming::Chunked) {
    add_header(head.bytes, "Transfer-Encoding", "chunked");
  }
  for (const auto& header : response.headers) add_header(head.bytes, header.name, header.value);
  if (head.framing == StreamFraming::UntilClose) {
    add_header(head.bytes, "Connection", "close");
  } else {
    add_connection(head.bytes, request);
  }
  head.bytes += "\r\n";
  return head;
}

std::string chunk(std::string_view bytes) {
  if (bytes.empty()) return {};
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  std::string out(size);
  out += bytes;
  out += "\r\n";
  return out;
}

bool wants_upgrade(const Request& request, std::string_view protocol) {
  return !request.http_1_0 && lists(request, "connection", "upgrade") &&
         lists(request, "upgrade", protocol);
}

std::string upgrade_head(const Response& response, std::string_view protocol) {
  std::string out = status_line(101);
  add_header(out, "Connection", "Upgrade");
  add_header(out, "Upgrade", protocol);
  for (const auto& header : response.headers) add_header(out, header.name, header.value);
  return out + "\r\n";
}

}  // namespace bootsman
