#include "helper/forecast.h"

#include <deque>

#include "helper/step_runner.h"
#include "helper/world_facts.h"
#include "plan/step_when.h"

namespace bootsman {
namespace {

/// The layers of what the steps before would have done, the latest on top.
class TopFiles : public FileView {
 public:
  explicit TopFiles(const FileView& below) { layers_.emplace_back(below); }

  PlannedFiles& new_layer() { return layers_.emplace_back(layers_.back()); }

  PathFact look(const std::string& path) const override { return layers_.back().look(path); }
  PathFact follow(const std::string& path) const override { return layers_.back().follow(path); }
  Result<std::string> read(const std::string& path) const override {
    return layers_.back().read(path);
  }
  std::vector<std::string> list(const std::string& path) const override {
    return layers_.back().list(path);
  }

 private:
  std::deque<PlannedFiles> layers_;  ///< Each borrows the one before, which never moves.
};

std::string what(const FileForecast& change) {
  switch (change.action) {
    case FileForecast::Action::Write:
      return "write " + change.path;
    case FileForecast::Action::MakeFolder:
      return "make " + change.path;
    case FileForecast::Action::Link:
      return "link " + change.path;
    case FileForecast::Action::Remove:
      return "remove " + change.path;
    case FileForecast::Action::Fetch:
      return "fetch " + change.path;
    case FileForecast::Action::Run:
      break;
  }
  return change.path;
}

}  // namespace

Value step_entry(const Unit& unit) {
  Value entry;
  entry.set("id", unit.id());
  entry.set("type", unit.builtin->type);
  entry.set("when", to_text(unit.builtin->when));
  entry.set("settings", unit.builtin->settings);
  return entry;
}

BootForecast forecast_steps(const Plan& plan, const std::map<std::string, std::string>& env,
                            const std::map<std::string, std::string>& secrets) {
  BootForecast boot;
  const DiskFiles disk;
  TopFiles top(disk);
  StepForecast step;
  StepFacts facts = gather_facts(env, secrets, top);
  facts.init_is_pid_1 = true;  // A start of the container is meant, whoever asks.
  StepRunner runner(std::move(facts), [&](const Value& line) {
    if (const Value* text = line.find("say"); text != nullptr && text->string() != nullptr)
      step.notes.push_back((line.get_string("severity") == "warning" ? "warning: " : "") +
                           *text->string());
    if (const Value* all = line.find("env"); all != nullptr && all->object() != nullptr)
      for (const auto& [name, value] : *all->object())
        if (value.string() != nullptr) boot.env.push_back({name, *value.string()});
    if (line.find("result") == nullptr) return;
    step.result = line.get_string("result");
    step.why = line.get_string("why");
  });
  runner.only_pretend([&](const StepWork& work) {
    ApplyOutcome outcome;
    PlannedFiles& layer = top.new_layer();
    for (const Change& change : work.changes) {
      auto forecast = layer.make(change);
      if (!forecast) continue;
      outcome.done.push_back(what(*forecast));
      step.changes.push_back(std::move(*forecast));
    }
    return outcome;
  });
  for (const Unit& unit : plan.units) {
    if (!unit.builtin || !unit.conditions.skip_reason.empty()) continue;
    step = {};
    step.id = unit.id();
    runner.run(step_entry(unit));
    boot.steps.push_back(step);
  }
  return boot;
}

}  // namespace bootsman
