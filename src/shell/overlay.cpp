#include "shell/overlay.h"

#include <algorithm>

#include "shell/ask_helper.h"
#include "shell/early_probes.h"
#include "shell/read_config.h"

namespace bootsman {
namespace {

/// In JSON, where a character may take six, it must fit into one line to the init.
constexpr std::int64_t kOverlayMax = 128 * 1024;
/// What the helper may take beyond the time for fetching.
constexpr Millis kMargin{5'000};

std::string state_folder(const Environment& env) {
  const auto named = env.find("BOOTSMAN_STATE_DIR");
  return named != env.end() && !named->second.empty() ? named->second : "/var/lib/bootsman";
}

std::vector<std::string> public_block(const Environment& env, const Plan& plan) {
  std::vector<std::string> block;
  for (const auto& [name, value] : env)
    if (std::ranges::find(plan.secret_names, name) == plan.secret_names.end())
      block.push_back(name + "=" + value);
  return block;
}

Value to_request(const RemoteSource& source, const std::string& folder) {
  Value request;
  request.set("url", source.url);
  request.set("path", folder + "/overlay.toml");
  request.set("memory", folder);
  request.set("sha256", source.sha256);
  request.set("insecure", source.insecure);
  request.set("ca_file", source.ca_file);
  request.set("timeout", static_cast<std::int64_t>(source.timeout.count()));
  request.set("connect", static_cast<std::int64_t>(source.timeout.count() / 3));
  request.set("max_size", kOverlayMax);
  request.set("mode", 0600);
  request.set("text", true);
  return request;
}

/// Probes are answered meanwhile.
Result<Value> fetch(const Setup& setup, uv_loop_t* loop, const Value& request,
                    const Environment& env, const Plan& plan, Millis patience) {
  const EarlyProbes probes(loop, plan, "step.remote", "the overlay is being fetched");
  return ask_helper(setup, "fetch", request, public_block(env, plan), patience, loop);
}

/// The first thing that is wrong in what the overlay made of the configuration.
std::string first_error(const LoadedConfig& loaded) {
  for (const Diagnostic& diagnostic : loaded.diagnostics.all())
    if (diagnostic.severity == Diagnostic::Severity::Error)
      return to_text(diagnostic, loaded.files);
  return "";
}

/// `setup`: read it by a helper first. Makes `loaded` the configuration with the overlay. Not
/// empty: why it can't be used.
std::string lay(const Setup* setup, const std::string& text, const ConfigRequest& request,
                const Environment& env, LoadedConfig& loaded) {
  ConfigRequest with = request;
  with.overlay = SourceText{"overlay", text};
  auto read = setup != nullptr ? read_configuration(*setup, with, env)
                               : std::optional(load_configuration(with, env));
  if (!read) return "cannot use the overlay, as if there were none: the container is to stop";
  LoadedConfig laid = std::move(*read);
  if (!laid.ok()) return "cannot use the overlay, as if there were none: " + first_error(laid);
  loaded = std::move(laid);
  loaded.overlay = std::move(with.overlay);
  return "";
}

}  // namespace

void lay_overlay(const Setup& setup, uv_loop_t* loop, const ConfigRequest& request,
                 const Environment& env, LoadedConfig& loaded) {
  const auto source = wanted_overlay(loaded.plan);
  if (!source) return;
  const std::string folder = state_folder(env) + "/remote";
  const auto answer =
      fetch(setup, loop, to_request(*source, folder), env, loaded.plan, source->timeout + kMargin);
  OverlayOutcome outcome;
  if (!answer) {
    outcome.problem = "cannot fetch the overlay: " + answer.error().message();
  } else if (!answer->get_bool("ok", false)) {
    outcome.problem = answer->get_string("why");
  } else {
    outcome.stale = answer->get_string("stale");
    outcome.problem = lay(&setup, answer->get_string("text"), request, env, loaded);
  }
  set_overlay_outcome(loaded.plan, outcome);
  loaded.overlay_outcome = std::move(outcome);
}

void lay_last_overlay(const ConfigRequest& request, const Environment& env, LoadedConfig& loaded) {
  if (!wanted_overlay(loaded.plan)) return;
  const auto text = read_text(state_folder(env) + "/remote/overlay.toml");
  if (!text) return;
  OverlayOutcome outcome;
  outcome.problem = lay(nullptr, *text, request, env, loaded);
  set_overlay_outcome(loaded.plan, outcome);
}

}  // namespace bootsman
