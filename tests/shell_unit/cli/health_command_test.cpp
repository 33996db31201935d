#include "cli/health_command.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

#include "shell/server.h"
#include "shell_unit/server/client.h"

namespace bootsman {

namespace {

struct Row {
  std::string name;
  std::string url;
  HealthTarget target;  ///< Port 0: the URL is refused.
};

const HealthTarget kRefused{"", 0, ""};

const Row kRows[] = {
    {"address and port", "http://127.0.0.1:8080", {"127.0.0.1", 8080, "/health"}},
    {"a slash alone is no path", "http://127.0.0.1:8080/", {"127.0.0.1", 8080, "/health"}},
    {"a path", "http://10.0.0.1:80/x/y", {"10.0.0.1", 80, "/x/y"}},
    {"no port", "http://10.0.0.1", {"10.0.0.1", 80, "/health"}},
    {"localhost", "http://localhost:1", {"127.0.0.1", 1, "/health"}},
    {"IPv6", "http://[::1]:8080/a", {"::1", 8080, "/a"}},
    {"IPv6 without a port", "http://[::1]", {"::1", 80, "/health"}},
    {"a name", "http://example:80", kRefused},
    {"no host", "http://:80", kRefused},
    {"https", "https://127.0.0.1", kRefused},
    {"no scheme", "127.0.0.1:80", kRefused},
    {"port 0", "http://127.0.0.1:0", kRefused},
    {"a port too large", "http://127.0.0.1:65536", kRefused},
    {"a port that is a word", "http://127.0.0.1:x", kRefused},
    {"empty", "", kRefused},
};

int ask(const std::string& url) {
  setenv("BOOTSMAN_HEALTH_URL", url.c_str(), 1);
  Invocation invocation;
  invocation.command = find_command("health");
  const int code = health_command(invocation, Millis{100});
  unsetenv("BOOTSMAN_HEALTH_URL");
  return code;
}

}  // namespace

TEST_CASE("health URLs") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    const auto target = parse_health_url(row.url);
    CHECK(target.has_value() == (row.target.port != 0));
    if (target) CHECK(*target == row.target);
  }
}

namespace {

struct CmdlineRow {
  std::string name;
  std::vector<std::string> words;
  std::string config;
};

const CmdlineRow kCmdlines[] = {
    {"run with a file", {"/opt/bootsman/bootsman", "run", "--config", "/a.toml"}, "/a.toml"},
    {"run with = and a job", {"bootsman", "run", "--config=/a.toml", "--", "x"}, "/a.toml"},
    {"no command, as PID 1", {"bootsman", "--config", "/a.toml"}, "/a.toml"},
    {"a --config of the job", {"bootsman", "run", "x", "--config", "/b.toml"}, ""},
    {"no file", {"bootsman", "run"}, ""},
    {"nothing", {}, ""},
    {"another init", {"/sbin/init", "run", "--config", "/a.toml"}, ""},
    {"wrong words", {"bootsman", "run", "--config"}, ""},
};

}  // namespace

TEST_CASE("the configuration that an init was started with") {
  for (const auto& row : kCmdlines) {
    CAPTURE(row.name);
    std::string cmdline;
    for (const auto& word : row.words) cmdline += word + '\0';
    CHECK(config_of_init(cmdline) == row.config);
  }
}

TEST_CASE("nobody listens, nobody answers, no such address") {
  TestLoop loop;
  std::uint16_t port = 0;
  {
    HttpServer server(loop.get(), answering_at_once([](const Request&) { return Response{}; }));
    port = server.listen({"127.0.0.1", 0}).value_or(std::uint16_t{0});
    REQUIRE(port != 0);
    // The kernel takes the connection; the loop, which would answer, stands still.
    CHECK(ask("http://127.0.0.1:" + std::to_string(port)) == 1);
  }
  CHECK(ask("http://127.0.0.1:" + std::to_string(port)) == 69);
  CHECK(ask("http://nowhere") == 2);
}

}  // namespace bootsman
