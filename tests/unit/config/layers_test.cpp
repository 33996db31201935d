#include "config/layers.h"

#include <doctest/doctest.h>

#include "lib/configs.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

const Unit& unit(const Planned& planned, std::string_view id) {
  REQUIRE(lines(planned.complaints) == "");
  const std::optional<UnitIndex> index = planned.plan.find(id);
  REQUIRE(index.has_value());
  return planned.plan[*index];
}

}  // namespace

TEST_CASE("without any file the preset workspace runs") {
  const Planned planned = plan_texts({});
  CHECK(unit(planned, "sshd").launch.argv.at(0) == "/usr/sbin/sshd");
  CHECK(planned.plan.sources == std::vector<std::string>{"preset workspace"});
}

TEST_CASE("a file changes single keys of the preset's units") {
  const Planned planned =
      plan_text("[service.jupyterlab]\ndirectory = \"/workdir\"\nstop.timeout = \"3s\"\n");
  const Unit& jupyter = unit(planned, "service.jupyterlab");
  CHECK(jupyter.launch.directory == "/workdir");
  CHECK(jupyter.launch.argv.at(0) == "jupyter-lab");
  CHECK(jupyter.stop.timeout == Millis(3000));
  CHECK(jupyter.stop.kill == KillScope::Process);
}

TEST_CASE("arrays and checks are replaced whole, tables merge key by key, later files win") {
  const Planned planned =
      plan_texts({"extends = \"empty\"\n[service.a]\ncommand = [\"x\", \"y\"]\nenv = { A = \"1\", "
                  "B = \"1\" }\n"
                  "ready = { http = \"http://127.0.0.1/\", every = \"9s\" }\n"
                  "health = { tcp = \"127.0.0.1:1\", failures = 9 }\n",
                  "[service.a]\ncommand = [\"z\"]\nenv = { B = \"2\", C = \"2\" }\n"
                  "ready = { tcp = \"127.0.0.1:2\" }\n",
                  "[service.a]\nenv.C = \"3\"\nhealth = {}\n[job]\ncommand = [\"j\"]\n"
                  "ready = { file = \"/x\", every = \"1s\" }\n",
                  "[job]\nready = { file = \"/y\" }\n"});
  const Unit& a = unit(planned, "a");
  CHECK(a.launch.argv == std::vector<std::string>{"z"});
  CHECK(a.launch.env == std::vector<EnvVar>{{"A", "1"}, {"B", "2"}, {"C", "3"}});
  REQUIRE(a.ready.has_value());
  CHECK(std::get<TcpProbe>(a.ready->probe).port == 2);
  CHECK(a.ready->every == Millis(500));
  CHECK(!a.health.has_value());
  const Unit& job = unit(planned, "job");
  CHECK(std::get<FileProbe>(job.ready->probe).path == "/y");
  CHECK(job.ready->every == Millis(500));
  CHECK(planned.plan.sources ==
        std::vector<std::string>{"preset empty", "a.toml", "b.toml", "c.toml", "d.toml"});
}

TEST_CASE("units keep the order of the texts, the preset's first") {
  const Planned planned =
      plan_texts({"[service.zulu]\ncommand = [\"x\"]\n[service.alpha]\n"
                  "command = [\"x\"]\n[step.mine]\ncommand = [\"x\"]\n",
                  "[service.mike]\ncommand = [\"x\"]\n"});
  std::string order;
  for (const Unit& one : planned.plan.units) order += one.id() + " ";
  CHECK(order.starts_with("step.profile "));
  CHECK(
      order.ends_with(" step.mine mount.workdir service.sshd service.jupyterlab service.tensorboard "
                      "service.zulu service.alpha service.mike "));
}

TEST_CASE("a unit can be taken away by a later file") {
  const Planned planned = plan_texts({"", "[service.tensorboard]\nenabled = false\n"});
  CHECK(lines(planned.complaints) == "");
  CHECK(!planned.plan.find("tensorboard").has_value());
  CHECK(planned.plan.find("jupyterlab").has_value());
}
