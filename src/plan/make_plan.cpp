#include "plan/make_plan.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "plan/accounts.h"
#include "plan/endpoint.h"
#include "plan/graph.h"
#include "plan/links.h"
#include "plan/log_plan.h"
#include "plan/plan_gateway.h"
#include "plan/unit_plan.h"

namespace bootsman {
namespace {

using Strings = std::vector<std::string>;

constexpr Millis kGraceOnKubernetes{25'000};  // Its default grace period is 30 s.
constexpr Millis kGraceElsewhere{9'000};      // Docker's is 10 s.

ShutdownPlan plan_shutdown(const Config& config, const PlanFacts& facts, Diagnostics& diagnostics) {
  ShutdownPlan shutdown;
  shutdown.timeout =
      facts.env.contains("KUBERNETES_SERVICE_HOST") ? kGraceOnKubernetes : kGraceElsewhere;
  config.settings.read<Millis>("shutdown.drain", shutdown.drain);
  config.settings.read<Millis>("shutdown.timeout", shutdown.timeout);
  const auto grace = facts.env.find("BOOTSMAN_GRACE");
  if (grace != facts.env.end() && !grace->second.empty()) {
    if (const Result<Millis> timeout = parse_duration(grace->second))
      shutdown.timeout = *timeout;
    else
      diagnostics.error({}, "BOOTSMAN_GRACE (environment)", timeout.error().message());
  }
  return shutdown;
}

HttpPlan plan_http(const Config& config, Diagnostics& diagnostics) {
  HttpPlan http;
  config.settings.read<bool>("http.enabled", http.enabled);
  const Setting* setting = config.settings.find("http.listen");
  const Strings* listen = config.settings.get<Strings>("http.listen");
  if (listen == nullptr || setting->unresolved) return http;
  http.listen.clear();
  for (const std::string& text : *listen) {
    if (Result<ListenAddress> address = parse_listen(text))
      http.listen.push_back(std::move(*address));
    else
      diagnostics.error(setting->at, "http.listen", address.error().message());
  }
  if (listen->empty() && http.enabled)
    diagnostics.error(setting->at, "http.listen",
                      "must name an address: to listen nowhere, write enabled = false");
  return http;
}

std::optional<std::uint32_t> plan_group(const Config& config, std::string_view key,
                                        const PlanFacts& facts, Diagnostics& diagnostics) {
  const Setting* setting = config.settings.find(key);
  if (setting == nullptr || setting->unresolved) return std::nullopt;
  std::string name;
  config.settings.read<std::string>(key, name);
  const auto group = find_group(name, facts.group());
  if (group) return *group;
  diagnostics.error(setting->at, std::string(key), group.error().message());
  return std::nullopt;
}

ControlPlan plan_control(const Config& config, const PlanFacts& facts, Diagnostics& diagnostics) {
  ControlPlan control;
  config.settings.read<bool>("control.enabled", control.enabled);
  control.reader_group = plan_group(config, "control.reader_group", facts, diagnostics);
  control.admin_group = plan_group(config, "control.admin_group", facts, diagnostics);
  return control;
}

/// Output of units is told only to who brings the token.
void plan_page_logs(const Config& config, WebPlan& web, Diagnostics& diagnostics) {
  bool logs = false;
  config.settings.read<bool>("http.status_page.logs", logs);
  std::string token;
  config.settings.read<std::string>("http.status_page.token", token);
  const Setting* setting = config.settings.find("http.status_page.token");
  const bool unresolved = setting != nullptr && setting->unresolved;
  if (logs && token.empty() && !unresolved) {
    const Setting* asked = config.settings.find("http.status_page.logs");
    diagnostics.error(asked->at, "http.status_page.logs",
                      "needs http.status_page.token: nobody else may read what units print");
  }
  if (logs) web.logs_token = std::move(token);
}

std::string termination_log(const Config& config, Diagnostics& diagnostics) {
  std::string path = Plan{}.termination_log;
  const Setting* setting = config.settings.find("termination.log");
  if (setting == nullptr || setting->unresolved) return path;
  config.settings.read<std::string>("termination.log", path);
  if (!path.empty() && !path.starts_with('/'))
    diagnostics.error(
        setting->at, "termination.log",
        "must be an absolute path, or \"\" for none, not \"" + printable(path, 80) + "\"");
  return path;
}

/// Whether the command is the start script that images had before there was an init.
bool is_seed_script(const Strings& argv) {
  constexpr std::string_view kScript = "/init/boot/boot.sh";
  const std::string_view program = std::string_view(argv[0]).substr(argv[0].rfind('/') + 1);
  if (argv[0] == kScript) return true;
  if (program != "bash" && program != "sh" && program != "dash") return false;
  return std::ranges::any_of(argv, [&](const std::string& argument) {
    return argument.find(kScript) != std::string::npos;
  });
}

/// The configuration with the command given after `run` as its job.
Config with_command_line(const Config& config, const PlanFacts& facts, Diagnostics& diagnostics) {
  Config changed = config;
  if (is_seed_script(facts.command_line)) {
    diagnostics.error(
        {}, "job (command line)",
        "cannot run /init/boot/boot.sh as the job: the init does its work itself. "
        "Remove CMD [\"bash\", \"/init/boot/boot.sh\"] from the image, or clear it by "
        "CMD []; its steps and services are the preset \"workspace\"");
  }
  auto job = std::ranges::find(changed.units, ConfigKind::Job, &UnitConfig::kind);
  if (job == changed.units.end()) job = changed.units.insert(job, UnitConfig{});
  // A job that would not run has values that nobody expanded: only the command counts then.
  if (!job->enabled || !job->skip_reason.empty()) *job = UnitConfig{};
  job->kind = ConfigKind::Job;
  job->name = "job";
  Setting command;
  command.value = facts.command_line;
  job->settings.set("command", std::move(command));
  return changed;
}

/// Brings the units into their order and turns positions in the configuration into those.
void place(Plan& plan, std::vector<Unit> units, const Links& links,
           const std::vector<std::size_t>& order) {
  std::vector<UnitIndex> index(units.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) index[order[i]] = UnitIndex{i};
  plan.dependants.resize(units.size());
  plan.units.reserve(units.size());
  for (const std::size_t from : order) {
    Unit unit = std::move(units[from]);
    for (const Link& link : links.of[from]) {
      unit.after.push_back(index[link.to]);
      if (link.required) unit.requires_.push_back(index[link.to]);
      if (link.restarts) unit.restart_on.push_back(index[link.to]);
    }
    std::ranges::sort(unit.after);
    std::ranges::sort(unit.requires_);
    for (const UnitIndex before : unit.after) plan.dependants[before.value].push_back(index[from]);
    plan.units.push_back(std::move(unit));
  }
}

}  // namespace

PlanResult make_plan(const Config& original, const PlanFacts& facts) {
  PlanResult result;
  if (!original.complete) return result;
  Plan& plan = result.plan;
  Diagnostics& diagnostics = result.diagnostics;
  std::optional<Config> changed;
  if (!facts.command_line.empty()) changed = with_command_line(original, facts, diagnostics);
  const Config& config = changed ? *changed : original;
  plan.shutdown = plan_shutdown(config, facts, diagnostics);
  plan.http = plan_http(config, diagnostics);
  plan.termination_log = termination_log(config, diagnostics);
  plan.control = plan_control(config, facts, diagnostics);
  plan.log = plan_log(config.settings);
  plan.secret_names = secret_names(config.settings);
  plan.sources = config.files;

  const Links links = link_units(config, diagnostics);
  std::vector<Unit> units;
  units.reserve(links.units.size());
  for (std::size_t i = 0; i < links.units.size(); ++i) {
    Unit unit = plan_unit(*links.units[i], config, facts, diagnostics);
    if (unit.conditions.skip_reason.empty()) unit.conditions.skip_reason = links.skip_reasons[i];
    units.push_back(std::move(unit));
  }
  Edges edges(units.size());
  for (std::size_t i = 0; i < units.size(); ++i)
    for (const Link& link : links.of[i]) edges[i].push_back(link.to);
  const Order order = stable_order(edges);
  report_cycles(links, order.cycles, config.files, diagnostics);
  if (order.cycles.empty()) place(plan, std::move(units), links, order.nodes);
  config.settings.read<bool>("http.status_page.enabled", result.web.status_page);
  result.web.hooks = plan_hooks(config.settings, diagnostics);
  plan_page_logs(config, result.web, diagnostics);
  result.web.gateway = plan_gateway(config, plan, diagnostics);
  diagnostics.sort();
  return result;
}

}  // namespace bootsman
