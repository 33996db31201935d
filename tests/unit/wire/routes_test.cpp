#include "wire/routes.h"

#include <doctest/doctest.h>

#include <optional>

namespace bootsman {

namespace {

PortView view(Verdict health, Verdict ready = {}, Verdict startup = {}) {
  return {[=] { return health; }, [=] { return ready; }, [=] { return startup; },
          [](const Request& request) {
            return Response{200, "text/plain", {}, "metrics of " + request.path};
          }};
}
PortView with_page() {
  PortView made = view({});
  made.status_page = [](const Request& request) {
    return Response{200, "text/html", {}, "page of " + request.path};
  };
  return made;
}
Verdict bad(std::vector<Verdict::Reason> reasons) {
  return {false, std::move(reasons)};
}

const Verdict kGood;
const Verdict kBad = bad({{"service.x", "exited 1"}});
const std::string kTrue = R"({"health": "true"})";
const std::string kFalse =
    R"({"health": "false", "reasons": [{"unit": "service.x", "why": "exited 1"}]})";
const std::string kNotFound = "404 Not Found: nothing is served here; try /health\n";

struct Row {
  std::string name;
  std::string method;
  std::string path;
  PortView view;
  int status;
  std::string body;
};

const Row kRows[] = {
    {"health is byte-exact", "GET", "/health", view(kGood, kBad, kBad), 200, kTrue},
    {"health that failed names the reason", "GET", "/health", view(kBad), 503, kFalse},
    {"alive while the loop turns", "GET", "/health/live", view(kBad, kBad, kBad), 200, kTrue},
    {"ready asks for readiness", "GET", "/health/ready", view(kBad, kGood, kBad), 200, kTrue},
    {"not ready", "GET", "/health/ready", view(kGood, kBad, kGood), 503, kFalse},
    {"startup asks for the boot", "GET", "/health/startup", view(kBad, kBad, kGood), 200, kTrue},
    {"booting", "GET", "/health/startup", view(kGood, kGood, kBad), 503, kFalse},
    {"HEAD is answered like GET", "HEAD", "/health", view(kGood), 200, kTrue},
    {"a slash more is another path", "GET", "/health/", view(kGood), 404, kNotFound},
    {"metrics", "GET", "/-/metrics", view(kBad), 200, "metrics of /-/metrics"},
    {"metrics where Prometheus looks", "GET", "/metrics", view(kBad), 200, "metrics of /metrics"},
    {"the page", "GET", "/-/status", with_page(), 200, "page of /-/status"},
    {"the page at its short path", "GET", "/status", with_page(), 200, "page of /status"},
    {"the page is read-only", "POST", "/-/status", with_page(), 405,
     "405 Method Not Allowed: only GET and HEAD are answered here\n"},
    {"no page where it is off", "GET", "/-/status", view(kGood), 404, kNotFound},
    {"the root", "GET", "/", view(kGood), 404, kNotFound},
    {"an unknown path with an unknown method", "POST", "/x", view(kGood), 404, kNotFound},
    {"paths are not decoded", "GET", "/%68ealth", view(kGood), 404, kNotFound},
    {"another method", "DELETE", "/health", view(kGood), 405,
     "405 Method Not Allowed: only GET and HEAD are answered here\n"},
    {"quotes, line ends and broken UTF-8 stay inside their string", "GET", "/health",
     view(bad({{"a", "b\"\n\xff"}, {"c", "d"}})), 503,
     "{\"health\": \"false\", \"reasons\": [{\"unit\": \"a\", \"why\": \"b\\\"\\n\xef\xbf\xbd\"}, "
     "{\"unit\": \"c\", \"why\": \"d\"}]}"},
    {"no reason", "GET", "/health", view(bad({})), 503, R"({"health": "false", "reasons": []})"},
};

}  // namespace

TEST_CASE("?verbose lists the units beside the verdict") {
  UnitStatus web;
  web.id = "service.web";
  web.state = UnitState::Backoff;
  web.why = "exited \"1\"";
  PortView asked = view(kBad);
  asked.units = [=] { return std::vector<UnitStatus>{web}; };
  const std::string units =
      R"(, "units": [{"unit": "service.web", "state": "backoff", "why": "exited \"1\""}]})";
  struct Line {
    const char* path;
    const char* query;
    std::string body;
  };
  const Line lines[] = {
      {"/health", "verbose", kFalse.substr(0, kFalse.size() - 1) + units},
      {"/health/ready", "a=b&verbose", kTrue.substr(0, kTrue.size() - 1) + units},
      {"/health/startup", "verbose=1", kTrue.substr(0, kTrue.size() - 1) + units},
      {"/health", "verbos", kFalse},
      {"/health/live", "verbose", kTrue},
  };
  for (const Line& line : lines) {
    CAPTURE(line.query);
    Request request;
    request.method = "GET";
    request.path = line.path;
    request.query = line.query;
    CHECK(answer(request, asked).body == line.body);
  }
}

TEST_CASE("each route under each verdict") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    Request request;
    request.method = row.method;
    request.path = row.path;
    const auto response = answer(request, row.view);
    CHECK(response.status == row.status);
    CHECK(response.body == row.body);
  }
}

TEST_CASE("a refused method names those that are allowed") {
  Request request;
  request.method = "POST";
  request.path = "/health";
  const auto response = answer(request, view(kGood));
  REQUIRE(response.headers.size() == 1);
  CHECK(response.headers[0] == Header{"Allow", "GET, HEAD"});
}

TEST_CASE("an answer names 100 reasons and counts the others") {
  Request request;
  request.method = "GET";
  request.path = "/health";
  const auto response =
      answer(request, view(bad(std::vector<Verdict::Reason>(250, {"service.x", "gone"}))));
  CHECK(response.body.ends_with(R"({"unit": "", "why": "and 150 more"}]})"));
  CHECK(response.body.size() < 5000);
}

}  // namespace bootsman
