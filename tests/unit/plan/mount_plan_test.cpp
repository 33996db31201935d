#include <doctest/doctest.h>

#include <string>

#include "lib/configs.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

constexpr const char* kS3 =
    "type = \"s3fs\"\nsource = \"s3://bucket/x\"\ntarget = \"/m\"\nendpoint = \"h\"\n"
    "access_key = \"k\"\n";

std::string complaints_of(const std::string& body) {
  return lines(plan_text("extends = \"empty\"\n[mount.m]\n" + body).complaints);
}

}  // namespace

TEST_CASE("a mount that contradicts itself is an error that says what to write") {
  struct Row {
    const char* name;
    std::string body;
    const char* part;  // Empty: no complaint.
  };
  static const Row rows[] = {
      {"whole s3fs", kS3, ""},
      {"no type", "target = \"/m\"\n", "mount.m.type: is missing: write type = \"s3fs\""},
      {"no target", "type = \"tmpfs\"\n", "mount.m.target: is missing"},
      {"relative target", "type = \"tmpfs\"\ntarget = \"m\"\n", "must be the absolute path"},
      {"the root as target", "type = \"tmpfs\"\ntarget = \"/\"\n", "must be the absolute path"},
      {"target that climbs", "type = \"tmpfs\"\ntarget = \"/a/../b\"\n", "without .."},
      {"s3fs without a source", "type = \"s3fs\"\ntarget = \"/m\"\nendpoint = \"h\"\n"
       "access_key = \"k\"\n", "mount.m.source: is missing: write source = \"s3://"},
      {"s3fs without an endpoint",
       "type = \"s3fs\"\nsource = \"s3://bucket\"\ntarget = \"/m\"\naccess_key = \"k\"\n",
       "mount.m.endpoint: is missing"},
      {"secret that is not declared", std::string(kS3) + "secret = \"OTHER\"\n",
       "\"OTHER\" is not in secrets.names"},
      {"cache below the mount", std::string(kS3) + "cache = \"/m/cache\"\n",
       "must not lie on the mount itself"},
      {"limit without a cache", std::string(kS3) + "cache_limit = \"1GiB\"\n",
       "goes with cache only"},
      {"key of another type", "type = \"tmpfs\"\ntarget = \"/m\"\nendpoint = \"h\"\n",
       "mount.m.endpoint: goes with the type s3fs only, not with tmpfs"},
      {"bind of a relative folder", "type = \"bind\"\ntarget = \"/m\"\nsource = \"x\"\n",
       "must be an absolute path"},
      {"share without a server", "type = \"nfs\"\ntarget = \"/m\"\nsource = \"/export\"\n",
       "must be SERVER:/EXPORT"},
      {"command without a command", "type = \"command\"\ntarget = \"/m\"\n",
       "mount.m.command: is missing"},
      {"key id with a colon", "type = \"s3fs\"\nsource = \"s3://bucket\"\ntarget = \"/m\"\n"
       "endpoint = \"h\"\naccess_key = \"a:b\"\n", "must be the id of a key"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string complaints = complaints_of(row.body);
    if (*row.part == '\0')
      CHECK(complaints == "");
    else
      CHECK(complaints.find(row.part) != std::string::npos);
  }
}

TEST_CASE("the job requires every mount, a service only waits for what it names") {
  const Planned planned = plan_text(
      "extends = \"empty\"\n[mount.m]\ntype = \"tmpfs\"\ntarget = \"/m\"\n[job]\ncommand = "
      "[\"x\"]\n[service.a]\ncommand = [\"x\"]\n[service.b]\ncommand = [\"x\"]\n"
      "restart_on = [\"m\"]\n");
  CHECK(lines(planned.complaints) == "");
  const Plan& plan = planned.plan;
  const UnitIndex mount = *plan.find("mount.m");
  const std::vector<UnitIndex> only{mount};
  CHECK(plan[*plan.find("job")].requires_ == only);
  CHECK(plan[*plan.find("a")].after.empty());
  CHECK(plan[*plan.find("b")].after == only);
  CHECK(plan[*plan.find("b")].restart_on == only);
  CHECK(plan[*plan.find("b")].requires_.empty());
}
