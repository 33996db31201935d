#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

Value strings(std::initializer_list<const char*> words) {
  Value::Array array;
  for (const char* word : words) array.emplace_back(word);
  return array;
}

}  // namespace

TEST_CASE("name servers come first, search and options last, what the runtime wrote stays") {
  const char* runtime = "# by the runtime\nnameserver 10.96.0.10\nsearch ns.svc\noptions ndots:5\n";
  struct Row {
    std::string name;
    const char* before;
    Value with;
    const char* after;
  };
  const Row rows[] = {
      {"a server before the others", runtime, settings({{"nameservers", strings({"10.0.0.2"})}}),
       "# >>> bootsman nameservers >>>\nnameserver 10.0.0.2\n# <<< bootsman nameservers <<<\n"
       "# by the runtime\nnameserver 10.96.0.10\nsearch ns.svc\noptions ndots:5\n"},
      {"IPv6, also link-local with its zone", "",
       settings({{"nameservers", strings({"fd00::53", "fe80::1%eth0"})}}),
       "# >>> bootsman nameservers >>>\nnameserver fd00::53\nnameserver fe80::1%eth0\n"
       "# <<< bootsman nameservers <<<\n"},
      {"search and options win by being last", runtime,
       settings({{"search", strings({"a.example", "b"})}, {"options", strings({"ndots:2"})}}),
       "# by the runtime\nnameserver 10.96.0.10\nsearch ns.svc\noptions ndots:5\n"
       "# >>> bootsman search >>>\nsearch a.example b\noptions ndots:2\n"
       "# <<< bootsman search <<<\n"},
      {"what was set before and is no more",
       "# >>> bootsman nameservers >>>\nnameserver 1.1.1.1\n# <<< bootsman nameservers <<<\nx\n",
       {},
       "x\n"},
      {"nothing is set", runtime, {}, runtime},
      {"there is no file, and nothing is set", nullptr, {}, "(missing)"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    if (row.before != nullptr) world.file("/etc/resolv.conf", row.before);
    world.start("resolv", row.with);
    CHECK(world.text("/etc/resolv.conf") == row.after);
    check_idempotent(world, "resolv", row.with);
  }
}

TEST_CASE("more name servers than programs ask are said") {
  BootWorld world;
  world.file("/etc/resolv.conf", "nameserver 10.0.0.9\nnameserver 10.0.0.8\n");
  const Value two = settings({{"nameservers", strings({"10.0.0.1", "10.0.0.2"})}});
  const StepWork work = world.start("resolv", two);
  REQUIRE(work.notes.size() == 1);
  CHECK(work.notes[0] == "/etc/resolv.conf now names 4 name servers; programs ask the first three");
}

TEST_CASE("what is no name server, domain or option is refused") {
  struct Row {
    const char* key;
    const char* word;
  };
  const Row rows[] = {
      {"nameservers", "dns.example"}, {"nameservers", "1.2.3"}, {"nameservers", "1.2.3.4\nx"},
      {"nameservers", "fe80::1%a b"}, {"search", "a b"},        {"search", ""},
      {"options", "ndots:2\nx"}};
  for (const Row& row : rows) {
    INFO(row.key << " " << row.word);
    BootWorld world;
    const auto work = world.plan("resolv", settings({{row.key, strings({row.word})}}));
    REQUIRE(!work);
    CHECK(work.error().message().starts_with("cannot use "));
  }
}

TEST_CASE("extra hosts stand in one block at the end of the file") {
  const char* pods = "127.0.0.1\tlocalhost\n10.1.2.3\tpod\n";
  const Value one = settings({{"entries", Value::Object{{"10.0.0.5", " minio  minio.local "}}}});
  BootWorld world;
  world.file("/etc/hosts", pods);
  world.start("hosts", one);
  CHECK(world.text("/etc/hosts") == std::string(pods) +
                                        "# >>> bootsman hosts >>>\n10.0.0.5 minio minio.local\n"
                                        "# <<< bootsman hosts <<<\n");
  check_idempotent(world, "hosts", one);

  const Value other = settings({{"entries", Value::Object{{"::2", "a_b"}, {"10.0.0.6", "x"}}}});
  world.start("hosts", other);
  CHECK(world.text("/etc/hosts") == std::string(pods) +
                                        "# >>> bootsman hosts >>>\n::2 a_b\n10.0.0.6 x\n"
                                        "# <<< bootsman hosts <<<\n");
  world.start("hosts");
  CHECK(world.text("/etc/hosts") == pods);
  CHECK(world.start("hosts").skipped == "nothing is set");
}

TEST_CASE("what is no address or host name is refused") {
  const std::pair<const char*, const char*> rows[] = {{"minio", "10.0.0.5"},
                                                      {"10.0.0.5", ""},
                                                      {"10.0.0.5", "a/b"},
                                                      {"10.0.0.5", "a\nb"},
                                                      {"10.0.0.5", "-a"}};
  for (const auto& [address, names] : rows) {
    INFO(address << " " << names);
    BootWorld world;
    CHECK(!world.plan("hosts", settings({{"entries", Value::Object{{address, names}}}})));
  }
}
