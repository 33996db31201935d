#include "wire/page_logs.h"

#include <algorithm>
#include <vector>

#include "wire/gateway.h"

namespace bootsman {
namespace {

constexpr std::size_t kLines = 500;
constexpr std::size_t kBytes = 256 * 1024;

bool may_read(const Request& request, const std::string& token) {
  GatewayRoute bearer, basic;
  bearer.bearer = token;
  basic.basic = "bootsman:" + token;
  return may_pass(request, bearer) || may_pass(request, basic);
}

struct Line {
  std::uint64_t sequence;
  std::string text;
};

/// Lines may hold any bytes, a browser must not take them for anything else than text.
std::string lines_text(const PageLogs& logs, const std::string& unit) {
  std::vector<Line> lines;
  for (std::uint32_t writer = 0; writer <= logs.plan.units.size(); ++writer) {
    const std::string id = writer == 0 ? "bootsman" : logs.plan.units[writer - 1].id();
    if (!unit.empty() && unit != id) continue;
    const std::string name = writer == 0 ? id : logs.plan.units[writer - 1].name;
    std::size_t count = 0;
    std::size_t bytes = 0;
    LogRing::Unpacked unpacked;
    logs.ring.each_newest(writer, 0, unpacked, [&](const RingLine& line) {
      lines.push_back({line.sequence, name + " | " + std::string(line.text) + "\n"});
      return ++count < kLines && (bytes += line.text.size()) <= kBytes;
    });
  }
  std::ranges::sort(lines, {}, &Line::sequence);
  std::size_t first = lines.size();
  for (std::size_t bytes = 0; first > 0 && lines.size() - first < kLines; --first)
    if ((bytes += lines[first - 1].text.size()) > kBytes) break;
  std::string text;
  for (; first < lines.size(); ++first) text += lines[first].text;
  return text;
}

}  // namespace

Response page_logs(const Request& request, const PageLogs& logs) {
  if (!may_read(request, logs.token)) {
    auto refused = plain_response(401, "what units print is told to who brings the token only");
    refused.headers.push_back({"WWW-Authenticate", R"(Basic realm="bootsman", charset="UTF-8")"});
    return refused;
  }
  constexpr std::string_view kUnit = "unit=";
  const std::string unit =
      request.query.starts_with(kUnit) ? request.query.substr(kUnit.size()) : "";
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers = {{"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Content-Security-Policy", "default-src 'none'"}};
  response.body = logs.secrets.mask(lines_text(logs, unit));
  return response;
}

}  // namespace bootsman
