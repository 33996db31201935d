#include <doctest/doctest.h>

#include "lib/configs.h"
#include "plan/accounts.h"
#include "plan/endpoint.h"
#include "plan/graph.h"

using namespace bootsman;
using namespace bootsman::tests;

TEST_CASE("accounts are found by name and number") {
  struct Row {
    const char* user;
    long uid;
    long gid;
    std::vector<std::uint32_t> groups;
    const char* home;
    const char* error;
  };
  static const Row rows[] = {
      {"root", 0, 0, {0}, "/root", ""},
      {"0", 0, 0, {0}, "/root", ""},
      {"alice", 1101, 1101, {1101, 44, 998}, "/data/alice", ""},
      {"1101", 1101, 1101, {1101, 44, 998}, "/data/alice", ""},
      {"alice:video", 1101, 44, {44}, "/data/alice", ""},
      {"alice:7", 1101, 7, {7}, "/data/alice", ""},
      {"5000", 5000, 5000, {5000}, "", ""},
      {"5000:0", 5000, 0, {0}, "", ""},
      {"bob", 0, 0, {}, "", "cannot find the user \"bob\" in /etc/passwd"},
      {"broken line", 0, 0, {}, "", "cannot find the user"},
      {"alice:nogroup", 0, 0, {}, "", "cannot find the group \"nogroup\" in /etc/group"},
      {"alice:", 0, 0, {}, "", "cannot find the group \"\""},
      {"", 0, 0, {}, "", "cannot find the user \"\""},
      {"-1", 0, 0, {}, "", "cannot find the user"},
      {"4294967295", 0, 0, {}, "", "cannot find the user"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.user);
    const Result<Account> account = find_account(row.user, kPasswd, kGroup);
    REQUIRE(account.has_value() == std::string(row.error).empty());
    if (!account) {
      CHECK(account.error().message().starts_with(row.error));
      continue;
    }
    CHECK(account->uid == row.uid);
    CHECK(account->gid == row.gid);
    CHECK(account->groups == row.groups);
    CHECK(account->home == row.home);
  }
  CHECK(find_account("root", "", "").has_value() == false);
  CHECK(find_account("0", "", "").has_value());
}

TEST_CASE("addresses are numeric and have a port") {
  struct Row {
    const char* text;
    const char* host;  // empty: refused
    int port;
  };
  static const Row rows[] = {{"0.0.0.0:8080", "0.0.0.0", 8080},
                             {"127.0.0.1:1", "127.0.0.1", 1},
                             {"localhost:80", "127.0.0.1", 80},
                             {"[::]:8080", "::", 8080},
                             {"[fe80::1:2]:65535", "fe80::1:2", 65535},
                             {"[::ffff:10.0.0.1]:5", "::ffff:10.0.0.1", 5},
                             {"[1:2:3:4:5:6:7:8]:5", "1:2:3:4:5:6:7:8", 5},
                             {"8080", "", 0},
                             {":8080", "", 0},
                             {"host:80", "", 0},
                             {"127.0.0.1", "", 0},
                             {"127.0.0.1:0", "", 0},
                             {"127.0.0.1:65536", "", 0},
                             {"127.0.0.1:x", "", 0},
                             {"127.0.0.1:", "", 0},
                             {"256.0.0.1:80", "", 0},
                             {"1.2.3:80", "", 0},
                             {"01.2.3.4:80", "", 0},
                             {"[1:2]:80", "", 0},
                             {"[1:2:3:4:5:6:7:8:9]:5", "", 0},
                             {"[1::2::3]:5", "", 0},
                             {"[12345::]:5", "", 0},
                             {"::1:80", "", 0},
                             {"[::1]", "", 0},
                             {"", "", 0},
                             {"[10.0.0.1]:5", "", 0},
                             {"[::1:80", "", 0}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<ListenAddress> address = parse_endpoint(row.text);
    REQUIRE(address.has_value() == !std::string(row.host).empty());
    if (!address) continue;
    CHECK(address->host == row.host);
    CHECK(address->port == row.port);
  }
}

TEST_CASE("URLs of probes are http with a numeric host") {
  struct Row {
    const char* text;
    const char* host;  // empty: refused
    int port;
    const char* path_or_error;
  };
  static const Row rows[] = {
      {"http://127.0.0.1:8888/jupyter/api", "127.0.0.1", 8888, "/jupyter/api"},
      {"http://localhost", "127.0.0.1", 80, "/"},
      {"http://localhost?a=b", "127.0.0.1", 80, "/?a=b"},
      {"http://[::1]:81/a?b=c:d/e", "::1", 81, "/a?b=c:d/e"},
      {"http://[::1]/", "::1", 80, "/"},
      {"https://127.0.0.1/", "", 0, "it must begin with http://"},
      {"127.0.0.1:80", "", 0, "it must begin with http://"},
      {"http://example.org/", "", 0, "the host must be a numeric address or localhost"},
      {"http://u:p@127.0.0.1/", "", 0, "the host must be"},
      {"http://127.0.0.1/#x", "", 0, "a probe takes no #fragment"},
      {"http://127.0.0.1/a b", "", 0, "write spaces and non-ASCII characters as %XX"},
      {"http://127.0.0.1/\r\nX: y", "", 0, "write spaces"},
      {"http://127.0.0.1:99999/", "", 0, "the port must be a number from 1 to 65535"},
      {"http://", "", 0, "the host must be"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<HttpProbe> probe = parse_probe_url(row.text);
    REQUIRE(probe.has_value() == !std::string(row.host).empty());
    if (probe) {
      CHECK(probe->host == row.host);
      CHECK(probe->port == row.port);
      CHECK(probe->path == row.path_or_error);
    } else {
      CHECK(probe.error().message().find(row.path_or_error) != std::string::npos);
    }
  }
}

TEST_CASE("the order is stable, and cycles are named once") {
  struct Row {
    const char* name;
    Edges edges;
    std::vector<std::size_t> order;
    std::vector<std::vector<std::size_t>> cycles;
  };
  static const Row rows[] = {
      {"nothing", {}, {}, {}},
      {"without edges by number", {{}, {}, {}}, {0, 1, 2}, {}},
      {"a chain backwards", {{1}, {2}, {}}, {2, 1, 0}, {}},
      {"only what must moves", {{3}, {}, {}, {}}, {1, 2, 3, 0}, {}},
      {"a diamond", {{1, 2}, {3}, {3}, {}}, {3, 1, 2, 0}, {}},
      {"itself", {{0}}, {}, {{0}}},
      {"two", {{1}, {0}}, {}, {{0, 1}}},
      {"behind a cycle", {{1}, {2}, {1}}, {}, {{1, 2}}},
      {"two cycles", {{1}, {0}, {3}, {2}}, {}, {{0, 1}, {2, 3}}},
      {"a cycle beside what can be placed", {{}, {0, 2}, {1}}, {}, {{1, 2}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Order order = stable_order(row.edges);
    CHECK(order.nodes == row.order);
    CHECK(order.cycles == row.cycles);
  }
}
