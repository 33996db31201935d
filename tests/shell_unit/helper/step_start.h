#pragma once

#include <map>
#include <string>
#include <vector>

#include "helper/step_runner.h"
#include "helper/world_facts.h"
#include "shell_unit/helper/folder.h"

namespace bootsman::test {

/// Runs one built-in step with its files in the folder, as at one start of the container.
struct Start {
  explicit Start(const Folder& in, std::map<std::string, std::string> env = {}) : folder(in) {
    env.emplace("PATH", "/usr/bin:/bin");
    env["BOOTSMAN_STATE_DIR"] = folder / "state";
    facts = gather_facts(std::move(env), {}, files);
    facts.identity = "container:a";
  }

  std::string run(const std::string& type, Value settings, const std::string& when = "changed") {
    answers.clear();
    StepRunner runner(
        facts, [this](const Value& message) { answers.push_back(message); }, folder / "flag");
    Value entry;
    entry.set("id", "step." + type);
    entry.set("type", type);
    entry.set("when", when);
    entry.set("settings", std::move(settings));
    runner.run(entry);
    runner.finish();
    return answers.empty() ? "" : answers.back().get_string("result");
  }
  std::string why() const { return answers.back().get_string("why"); }

  const Folder& folder;
  DiskFiles files;
  StepFacts facts;
  std::vector<Value> answers;
};

inline Value pip_in(const Folder& folder) {
  Value settings;
  settings.set("file", folder / "pip.conf");
  return settings;
}

}  // namespace bootsman::test
