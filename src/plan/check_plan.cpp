#include "plan/check_plan.h"

#include <vector>

#include "base/text.h"
#include "plan/endpoint.h"
#include "plan/unit_plan.h"

namespace bootsman {
namespace {

constexpr Millis kHealthEvery{10'000};

using Strings = std::vector<std::string>;

/// The probes that the check names; more or fewer than one is a mistake.
std::vector<std::string> probes_named(const Settings& settings, const std::string& name) {
  std::vector<std::string> named;
  for (const char* probe :
       {"tcp", "http", "exec", "file", "log", "notify", "notify_fd", "watchdog"})
    if (settings.find(name + "." + probe) != nullptr) named.emplace_back(probe);
  return named;
}

Result<Probe> parse_tcp(const std::string& text) {
  Result<ListenAddress> address = parse_endpoint(text);
  if (!address) return fail(std::move(address).error());
  return TcpProbe{std::move(address->host), address->port};
}

Result<Probe> parse_http(const Settings& settings, const std::string& name,
                         const std::string& text) {
  Result<HttpProbe> probe = parse_probe_url(text);
  if (!probe) return fail(std::move(probe).error());
  settings.read<std::int64_t>(name + ".status", probe->status);
  settings.read<std::string>(name + ".body", probe->body);
  return std::move(*probe);
}

Result<Probe> parse_probe(const Settings& settings, const std::string& name,
                          const std::string& kind) {
  const std::string path = name + "." + kind;
  if (kind == "exec") {
    const Strings* argv = settings.get<Strings>(path);
    return ExecProbe{argv == nullptr ? Strings{} : *argv};
  }
  if (kind == "notify") {
    const bool* wanted = settings.get<bool>(path);
    if (wanted != nullptr && !*wanted) return fail("must be true, or not be written at all");
    return NotifyProbe{};
  }
  if (kind == "notify_fd") {
    NotifyFdProbe probe;
    settings.read<std::int64_t>(path, probe.fd);
    return probe;
  }
  if (kind == "watchdog") {
    WatchdogProbe probe;
    settings.read<Millis>(path, probe.within);
    if (probe.within.count() <= 0) return fail("must be longer than nothing");
    return probe;
  }
  const std::string* text = settings.get<std::string>(path);
  if (text == nullptr || settings.find(path)->unresolved) return FileProbe{};
  if (text->empty()) return fail("must not be empty");
  if (kind == "tcp") return parse_tcp(*text);
  if (kind == "http") return parse_http(settings, name, *text);
  if (kind == "log") return LogProbe{*text};
  return FileProbe{*text};
}

/// A unit that speaks by itself is asked nothing, so nothing says how to ask.
void refuse_asking_keys(const UnitConfig& unit, const std::string& name, const std::string& kind,
                        Diagnostics& diagnostics) {
  for (const char* key : {"every", "timeout", "initial_delay", "failures"}) {
    const Setting* setting = unit.settings.find(name + "." + key);
    if (setting == nullptr) continue;
    diagnostics.error(setting->at, unit.id() + "." + name + "." + key,
                      "does not go with " + kind + ": the unit speaks by itself, and is not asked");
  }
}

Position first_position(const Settings& settings, const std::string& name) {
  std::optional<Position> first;
  for (const auto& [path, setting] : settings)
    if (path.starts_with(name + ".") && (!first || setting.at < *first)) first = setting.at;
  return first.value_or(Position{});
}

}  // namespace

std::optional<CheckPlan> plan_check(const UnitConfig& unit, const std::string& name,
                                    Diagnostics& diagnostics) {
  const Settings& settings = unit.settings;
  if (!settings.any_below(name)) return std::nullopt;
  const std::string full = unit.id() + "." + name;
  const Strings named = probes_named(settings, name);
  if (named.size() != 1) {
    if (named.empty() && unit.broken) return std::nullopt;
    diagnostics.error(
        first_position(settings, name), full,
        named.empty() ? "says not what to probe: give it one of tcp, http, exec, file" +
                            std::string(name == "ready" ? ", log, notify, notify_fd" : ", watchdog")
                      : "must name one probe, not " + join(named, " and "));
    return std::nullopt;
  }
  const std::string& kind = named[0];
  for (const char* key : {".status", ".body"})
    if (const Setting* of_http = settings.find(name + key); of_http != nullptr && kind != "http")
      diagnostics.error(of_http->at, full + key, "goes with http only");
  Result<Probe> probe = parse_probe(settings, name, kind);
  if (!probe) {
    diagnostics.error(settings.find(name + "." + kind)->at, full + "." + kind,
                      probe.error().message());
    return std::nullopt;
  }
  CheckPlan check;
  check.probe = std::move(*probe);
  if (speaks_by_itself(check.probe)) refuse_asking_keys(unit, name, kind, diagnostics);
  if (name == "health") check.every = kHealthEvery;
  settings.read<Millis>(name + ".every", check.every);
  settings.read<Millis>(name + ".timeout", check.timeout);
  settings.read<Millis>(name + ".initial_delay", check.initial_delay);
  settings.read<std::int64_t>(name + ".failures", check.failures);
  read_word(settings, name + ".on_unhealthy", {"mark", "restart"}, check.on_unhealthy);
  return check;
}

}  // namespace bootsman
