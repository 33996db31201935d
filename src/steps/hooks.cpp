#include "base/text.h"
#include "steps/catalog.h"

// The step hooks: an image's own programs, run at each start.

namespace bootsman {
namespace {

/// What editors and package managers leave beside a file.
bool is_leftover(std::string_view name) {
  static constexpr std::string_view kEnds[] = {
      "~", ".bak", ".swp", ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmsave", ".rpmnew", ".orig"};
  for (const std::string_view end : kEnds)
    if (name.ends_with(end)) return true;
  return name.starts_with('.');
}

}  // namespace

Result<StepWork> plan_hooks(const Value& settings, const StepFacts& facts) {
  const std::string folder = settings.get_string("folder");
  auto limit = parse_duration(settings.get_string("time_limit"));
  if (!limit) return fail(std::move(limit).error().within("time_limit"));
  if (facts.files->follow(folder).kind != PathFact::Kind::Directory)
    return StepWork::skip_unused(folder + " does not exist");
  StepWork work;
  for (const std::string& name : facts.files->list(folder)) {
    const std::string path = folder + "/" + name;
    const PathFact fact = facts.files->follow(path);
    if (is_leftover(name) || fact.kind != PathFact::Kind::File) continue;
    if ((fact.mode & 0111) == 0) {
      work.notes.push_back("passed over " + path + ", which is not executable");
      continue;
    }
    if ((fact.mode & 0002) != 0) {
      work.warnings.push_back("cannot run " + path +
                              ": everybody may change it; take the right away by chmod o-w");
      continue;
    }
    RunCommand run{{.argv = {path}, .input = "", .timeout = *limit}, "run the hook " + path};
    run.command.to_log = true;
    run.go_on = true;
    work.changes.push_back(std::move(run));
  }
  if (work.changes.empty() && work.warnings.empty())
    return StepWork::skip_unused(folder + " holds no program");
  return work;
}

}  // namespace bootsman
