#include <cstdint>
#include <string>
#include <string_view>

#include "wire/gateway.h"

// The first byte says how the rest is cut. As a request: the pieces give the same heads, bodies and
// ends as the whole, and no head for an upstream holds a line that the client's did not have as
// one, or asks for anything but a path. As an answer: likewise, and no byte comes before its head.

namespace {

using namespace bootsman;

const GatewayPlan& plan() {
  static const GatewayPlan made = [] {
    GatewayRoute root, lab, api;
    root.prefix = "/";
    lab.prefix = "/lab/";
    api.prefix = "/v1";
    lab.strip = api.strip = true;
    return GatewayPlan{{lab, api, root}, false};
  }();
  return made;
}

void judge_head(const std::string& head) {
  const auto end = head.find("\r\n\r\n");
  if (end != head.size() - 4) __builtin_trap();
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) __builtin_trap();
    if (head[i] == '\r' && head[i + 1] != '\n') __builtin_trap();
  }
}

std::string read_requests(std::string_view stream, std::size_t step) {
  RequestParser parser({}, [](const Request& head) {
    return std::holds_alternative<PassOn>(route_request(head, plan()));
  });
  std::string told;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string_view bytes = stream.substr(at, step);
    for (bool more = true; more;) {
      const auto said = parser.next(bytes);
      if (const auto* head = std::get_if<StreamedHead>(&said)) {
        const auto verdict = route_request(head->request, plan());
        const auto text = upstream_head(head->request, std::get<PassOn>(verdict), "1.2.3.4");
        judge_head(text);
        if (text[text.find(' ') + 1] != '/') __builtin_trap();
        told += text;
      } else if (const auto* piece = std::get_if<BodyPiece>(&said)) {
        if (piece->bytes.empty()) __builtin_trap();
        told += piece->bytes;
      } else if (const auto* refusal = std::get_if<Refusal>(&said)) {
        return told + std::to_string(refusal->status);
      } else if (std::holds_alternative<RequestEnd>(said)) {
        told += "|";
      }
      more = !std::holds_alternative<NeedMore>(said);
    }
  }
  return told;
}

std::string read_reply(std::string_view stream, std::size_t step, const Request& request) {
  ReplyReader reader(request.method == "HEAD");
  std::string told;
  bool begun = false;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string_view bytes = stream.substr(at, step);
    for (bool more = true; more;) {
      const auto said = reader.next(bytes);
      if (const auto* head = std::get_if<ReplyHead>(&said)) {
        const auto text =
            client_head(*head, request, plan().routes[0], frame_reply(*head, request, true));
        judge_head(text);
        told += text;
        if (head->status == 101) return told;
        begun = begun || !head->is_interim();
      } else if (const auto* piece = std::get_if<BodyPiece>(&said)) {
        if (!begun) __builtin_trap();
        told += piece->bytes;
      } else if (!std::holds_alternative<NeedMore>(said)) {
        return told + std::to_string(said.index());
      }
      more = !std::holds_alternative<NeedMore>(said);
    }
  }
  return told + std::to_string(reader.ended().index());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 16;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (read_requests(stream, step) != read_requests(stream, stream.size() + 1)) __builtin_trap();
  Request request;
  request.method = data[0] > 127 ? "HEAD" : "GET";
  if (read_reply(stream, step, request) != read_reply(stream, stream.size() + 1, request))
    __builtin_trap();
  return 0;
}
