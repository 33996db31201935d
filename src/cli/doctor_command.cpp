#include "cli/doctor_command.h"

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "cli/client.h"
#include "cli/output.h"
#include "helper/doctor_facts.h"
#include "shell/launcher.h"
#include "shell/load_config.h"
#include "shell/setup.h"

namespace bootsman {
namespace {

constexpr int kConfig = 78;

std::string_view to_text(Finding::Weight weight) {
  return weight == Finding::Weight::Bad ? "bad" : "warning";
}

std::vector<Finding> examine(const Plan& plan) {
  const UnitEnvironment environment(inherited_environment(), {});
  std::vector<std::string> paths;
  for (const Unit& unit : plan.units) paths.push_back(environment.path_of(unit.launch));
  std::map<std::string, std::string> env;
  for (const auto& [name, value] : own_environment()) env[name] = value;
  DoctorFacts facts = gather_doctor_facts(plan, env, paths);
  facts.init_runs = ControlClient::find().has_value();
  return diagnose(plan, facts);
}

Value to_value(const Finding& finding) {
  Value value;
  value.set("weight", to_text(finding.weight));
  value.set("topic", finding.topic);
  value.set("what", finding.what);
  value.set("advice", finding.advice);
  return value;
}

void show(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    print_sentence(std::string(to_text(finding.weight)) + ": " + finding.topic + ": " +
                       finding.what,
                   "  ");
    print_sentence("    " + finding.advice, "    ");
  }
  if (findings.empty()) print("nothing is wrong with this container\n");
}

}  // namespace

int doctor_command(const Invocation& asked) {
  ConfigRequest request;
  if (asked.has("--config")) request.path = asked.value("--config");
  const LoadedConfig loaded = load_configuration(request, own_environment());
  for (const std::string& line : loaded.lines()) std::fprintf(stderr, "%s\n", line.c_str());
  if (!loaded.ok()) return kConfig;
  const std::vector<Finding> findings = examine(loaded.plan);
  if (asked.has("--json")) {
    Value::Array all;
    for (const Finding& finding : findings) all.push_back(to_value(finding));
    Value whole;
    whole.set("findings", std::move(all));
    print(to_json(whole) + "\n");
  } else {
    show(findings);
  }
  const bool bad = std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.weight == Finding::Weight::Bad; });
  return bad ? kBad : 0;
}

}  // namespace bootsman
