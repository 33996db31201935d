#include "plan/remote.h"

#include "base/text.h"
#include "steps/catalog.h"

// The step remote: says what came of the overlay, which was fetched before the plan was made, and
// fetches and runs a script.

namespace bootsman {
namespace {

constexpr std::uint64_t kScriptMax = 1U << 20;

void add_script(const RemoteSource& source, const Value& settings, const StepFacts& facts,
                StepWork& work) {
  const std::string folder = facts.state_folder + "/remote";
  const std::string script = folder + "/script";
  work.changes.push_back(MakeDirectory{.path = folder, .mode = 0700});
  work.changes.push_back(FetchFile{.from = {.url = source.url,
                                            .sha256 = source.sha256,
                                            .insecure = source.insecure,
                                            .ca_file = source.ca_file,
                                            .max_size = kScriptMax,
                                            .timeout = source.timeout},
                                   .path = script,
                                   .mode = 0700,
                                   .memory = folder});
  CommandLine command{.argv = {script}};
  command.to_log = true;
  command.timeout = parse_duration(settings.get_string("script_timeout")).value_or(Millis{120'000});
  work.changes.push_back(RunCommand{.command = std::move(command), .intent = "run the script"});
}

}  // namespace

Result<StepWork> plan_remote(const Value& settings, const StepFacts& facts) {
  const auto overlay = remote_source(settings, "overlay");
  const auto script = remote_source(settings, "script");
  if (!overlay && !script) return StepWork::skip_unused("neither overlay nor script is set");
  StepWork work;
  if (settings.get_bool("insecure", false))
    work.warnings.emplace_back(
        "insecure = true: the server is not checked, so anybody on the way to it can change what "
        "is fetched");
  if (overlay) {
    const Value* outcome = settings.find("overlay_outcome");
    const std::string problem = outcome == nullptr ? "" : outcome->get_string("problem");
    const std::string stale = outcome == nullptr ? "" : outcome->get_string("stale");
    if (!problem.empty()) return fail(problem);
    if (!stale.empty())
      work.warnings.push_back("the overlay is that of an earlier start: " + stale);
    if (outcome == nullptr) work.notes.emplace_back("the overlay counts from the next start");
  }
  if (script) add_script(*script, settings, facts, work);
  return work;
}

}  // namespace bootsman
