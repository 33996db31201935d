#include <doctest/doctest.h>

#include "base/text.h"
#include "lib/configs.h"
#include "wire/gateway.h"

namespace bootsman {

namespace {

std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'x') {
      bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      bytes += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return bytes;
}

/// The status of the refusal; 0 when an upstream would have seen a whole request.
int refused_with(std::string_view stream, std::size_t step) {
  GatewayRoute route;
  route.prefix = "/";
  const GatewayPlan plan{{route}, false};
  RequestParser parser({}, [](const Request&) { return true; });
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string_view bytes = stream.substr(at, step);
    for (bool more = true; more;) {
      const auto said = parser.next(bytes);
      if (const auto* refusal = std::get_if<Refusal>(&said)) return refusal->status;
      if (std::holds_alternative<RequestEnd>(said)) return 0;
      if (const auto* head = std::get_if<StreamedHead>(&said)) {
        const auto verdict = route_request(head->request, plan);
        if (const auto* own = std::get_if<Response>(&verdict)) return own->status;
      }
      more = !std::holds_alternative<NeedMore>(said);
    }
  }
  return 0;
}

}  // namespace

TEST_CASE("what two servers may read in two ways is refused, cut anywhere") {
  std::size_t rows = 0;
  const std::string file = tests::read_source_file("tests/golden/wire/smuggling.txt");
  for (const std::string_view line : split(file, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    ++rows;
    const auto tab = line.find('\t');
    const std::string name(line.substr(0, tab));
    CAPTURE(name);
    const std::string stream = unescaped(line.substr(tab + 1));
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{1 << 20}}) {
      CAPTURE(step);
      const int status = refused_with(stream, step);
      CHECK(status / 100 == 4);
    }
  }
  CHECK(rows >= 300);
}

}  // namespace bootsman
