#include "plan/doctor.h"

#include <doctest/doctest.h>

#include <functional>

#include "lib/configs.h"
#include "plan/doctor_request.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

const char* const kConfig =
    "extends = \"empty\"\n[shutdown]\ntimeout = \"9s\"\n"
    "[service.web]\ncommand = [\"/opt/app/web\"]\nready = { tcp = \"127.0.0.1:8000\" }\n"
    "[service.other]\ncommand = [\"other\"]\n";

/// A container in which nothing is wrong.
DoctorFacts healthy() {
  DoctorFacts facts;
  facts.has_fuse = true;
  facts.shm_size = 8ULL << 30;
  facts.home = "/root";
  facts.missing_programs = {"", ""};
  facts.mount_points = {"/", "/proc", "/opt/app", "/opt"};
  return facts;
}

std::string topics(const DoctorFacts& facts, const Plan& plan) {
  std::string text;
  for (const Finding& finding : diagnose(plan, facts)) {
    CHECK(!finding.what.empty());
    CHECK(!finding.advice.empty());
    text += (text.empty() ? "" : " ") +
            std::string(finding.weight == Finding::Weight::Bad ? "BAD:" : "") + finding.topic;
  }
  return text;
}

}  // namespace

TEST_CASE("each thing that is wrong is found, and nothing where all is well") {
  struct Row {
    const char* name;
    std::function<void(DoctorFacts&)> change;
    const char* found;
  };
  const Row rows[] = {
      {"all is well", [](DoctorFacts&) {}, ""},
      {"s3fs without fuse", [](DoctorFacts& f) { f.wants_s3 = true, f.has_fuse = false; },
       "BAD:fuse"},
      {"fuse is needed for s3fs only", [](DoctorFacts& f) { f.has_fuse = false; }, ""},
      {"a GPU that is not there", [](DoctorFacts& f) { f.wants_gpu = true; }, "BAD:gpu"},
      {"a GPU", [](DoctorFacts& f) { f.wants_gpu = true, f.gpu_nodes = 2; }, ""},
      {"Docker's small /dev/shm", [](DoctorFacts& f) { f.shm_size = 64U << 20; }, "shm"},
      {"no /dev/shm", [](DoctorFacts& f) { f.shm_size.reset(); }, "shm"},
      {"a user without a name", [](DoctorFacts& f) { f.uid_in_passwd = false; }, "uid"},
      {"no HOME", [](DoctorFacts& f) { f.home = ""; }, "home"},
      {"HOME of somebody else", [](DoctorFacts& f) { f.home_writable = false; }, "home"},
      {"the health port is taken", [](DoctorFacts& f) { f.taken_ports = {8080}; }, "BAD:port"},
      {"a service's port is taken",
       [](DoctorFacts& f) {
         f.taken_ports = {22, 8000};
       },
       "BAD:port"},
      {"by the init's own units",
       [](DoctorFacts& f) {
         f.taken_ports = {8000, 8080}, f.init_runs = true;
       },
       ""},
      {"little memory", [](DoctorFacts& f) { f.memory_limit = 256U << 20; }, "memory"},
      {"enough memory", [](DoctorFacts& f) { f.memory_limit = 8ULL << 30; }, ""},
      {"few processes", [](DoctorFacts& f) { f.pids_limit = 64; }, "pids"},
      {"the whole container dies together", [](DoctorFacts& f) { f.oom_group = true; }, "oom"},
      {"a missing program", [](DoctorFacts& f) { f.missing_programs[1] = "other"; }, "BAD:program"},
      {"a program below a mount", [](DoctorFacts& f) { f.missing_programs[0] = "/opt/app/web"; },
       "BAD:mount"},
      {"a /run.sh that mounts", [](DoctorFacts& f) { f.run_sh = "s3fs $bucket /workdir"; },
       "run.sh"},
      {"another /run.sh", [](DoctorFacts& f) { f.run_sh = "python train.py"; }, ""},
      {"an old program",
       [](DoctorFacts& f) { f.supervisor_ini = "[program:code]\ncommand=code\n"; }, "supervisor"},
      {"old programs that are services, by name or by program",
       [](DoctorFacts& f) {
         f.supervisor_ini = "[program:web]\ncommand=x\n[program:y]\ncommand=/usr/bin/other -a\n";
       },
       ""},
      {"bad things first",
       [](DoctorFacts& f) { f.home = "", f.missing_programs[1] = "other", f.oom_group = true; },
       "BAD:program home oom"},
  };
  const Plan plan = plan_text(kConfig).plan;
  REQUIRE(plan.units.size() == 2);
  for (const Row& row : rows) {
    INFO(row.name);
    DoctorFacts facts = healthy();
    row.change(facts);
    CHECK(topics(facts, plan) == row.found);
  }
}

TEST_CASE("a mount by s3fs wants fuse, whoever configured it, unless it is skipped") {
  const std::string mount =
      "extends = \"empty\"\n[mount.data]\ntype = \"s3fs\"\nsource = \"s3://bucket\"\n"
      "target = \"/m\"\nendpoint = \"h\"\naccess_key = \"k\"\n";
  const Plan plan = plan_text(mount).plan;
  const auto asked = [](const Plan& of) {
    return read_doctor_request(doctor_request(of, [](const Launch&) { return ""; })).plan;
  };
  DoctorFacts facts = healthy();
  CHECK(topics(facts, plan) == "");
  facts.has_fuse = false;
  CHECK(topics(facts, plan) == "BAD:fuse");
  CHECK(topics(facts, asked(plan)) == "BAD:fuse");
  CHECK(diagnose(plan, facts)[0].what ==
        "mount.data asks for an s3fs mount, and /dev/fuse can't be used");
  Plan skipped = plan;
  skipped.units[0].conditions.skip_reason = "JOB_PREFIX is not set";
  CHECK(topics(facts, skipped) == "");
  CHECK(topics(facts, asked(skipped)) == "");
  Plan other = plan;
  other.units[0].mount->type = MountPlan::Type::Tmpfs;
  CHECK(topics(facts, other) == "");
}

TEST_CASE("the time to stop is held against what the platform gives") {
  struct Row {
    const char* name;
    Millis timeout;
    bool kubernetes;
    bool grace_is_set;
    const char* found;
  };
  const Row rows[] = {
      {"within Docker's 10 s", Millis(9'000), false, false, ""},
      {"as long as Docker's", Millis(10'000), false, false, "grace"},
      {"within Kubernetes' 30 s", Millis(25'000), true, false, ""},
      {"longer than Kubernetes' 30 s", Millis(60'000), true, false, "grace"},
      {"longer, and the platform knows", Millis(60'000), true, true, ""},
  };
  Plan plan = plan_text(kConfig).plan;
  for (const Row& row : rows) {
    INFO(row.name);
    DoctorFacts facts = healthy();
    facts.kubernetes = row.kubernetes;
    facts.grace_is_set = row.grace_is_set;
    plan.shutdown.timeout = row.timeout;
    CHECK(topics(facts, plan) == row.found);
  }
  plan.shutdown = {Millis(9'000), Millis(9'000)};
  CHECK(topics(healthy(), plan) == "BAD:drain");
}

TEST_CASE("what the running init asks its helper has all that the findings depend on") {
  Plan plan = plan_text(
                  "[service.here]\ncommand = [\"/bin/here\"]\n"
                  "[service.lost]\ncommand = [\"/srv/lost\"]\n"
                  "[service.maybe]\ncommand = [\"/srv/maybe\"]\nif_exists = [\"/srv/maybe\"]\n")
                  .plan;
  plan.shutdown = {Millis(9'000), Millis(9'000)};
  const auto question = read_doctor_request(
      doctor_request(plan, [](const Launch& launch) { return launch.argv[0]; }));
  REQUIRE(question.plan.units.size() == plan.units.size());
  for (std::size_t i = 0; i < plan.units.size(); ++i) {
    const Unit& unit = plan.units[i];
    CHECK(question.plan.units[i].id() == unit.id());
    CHECK(question.plan.units[i].launch.argv.empty() == unit.launch.argv.empty());
    // Whoever asks whether it exists is skipped without it, and not looked for.
    CHECK(question.paths[i] == (unit.conditions.if_exists.empty() && !unit.launch.argv.empty()
                                    ? unit.launch.argv[0]
                                    : ""));
  }
  CHECK(question.plan.shutdown.timeout == plan.shutdown.timeout);
  CHECK(question.plan.shutdown.drain == plan.shutdown.drain);
  CHECK(read_doctor_request(Value()).plan.units.empty());
}

TEST_CASE("the summary counts and names, and is silent without findings") {
  const Finding bad{Finding::Weight::Bad, "fuse", "w", "a"};
  const Finding warning{Finding::Weight::Warning, "shm", "w", "a"};
  CHECK(summary_of({}) == "");
  CHECK(summary_of({bad}) == "doctor: 1 bad: fuse; `bootsman doctor` says more");
  CHECK(summary_of({warning}) == "doctor: 1 warning: shm; `bootsman doctor` says more");
  CHECK(summary_of({bad, warning, warning}) ==
        "doctor: 1 bad, 2 warnings: fuse, shm; `bootsman doctor` says more");
}
