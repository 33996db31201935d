#include "cli/plan_text.h"

#include <algorithm>

#include "base/cells.h"
#include "base/diff.h"
#include "base/text.h"
#include "helper/web_handle.h"
#include "logs/last_words.h"

namespace bootsman {
namespace {

constexpr std::size_t kNameWidth = 24;

/// A unit that waits for every step says that, rather than all their names.
bool waits_for_all_steps(const Plan& plan, const Unit& unit) {
  std::size_t steps = 0, named = 0;
  for (const Unit& other : plan.units) steps += other.kind == UnitKind::Step ? 1 : 0;
  for (const UnitIndex before : unit.after) named += plan[before].kind == UnitKind::Step ? 1 : 0;
  return steps > 1 && steps == named && unit.kind != UnitKind::Step;
}

std::vector<std::string> waited_for(const Plan& plan, const Unit& unit) {
  std::vector<std::string> names;
  const bool all = waits_for_all_steps(plan, unit);
  if (all) names.emplace_back("all steps");
  for (const UnitIndex before : unit.after)
    if (!all || plan[before].kind != UnitKind::Step) names.push_back(plan[before].id());
  return names;
}

const StepForecast* forecast_of(const PlanView& view, const std::string& id) {
  const auto& steps = view.forecast.steps;
  const auto found = std::ranges::find(steps, id, &StepForecast::id);
  return found == steps.end() ? nullptr : &*found;
}

std::string action_text(const FileForecast& change) {
  switch (change.action) {
    case FileForecast::Action::Write:
      return "write " + change.path;
    case FileForecast::Action::MakeFolder:
      return "make the folder " + change.path;
    case FileForecast::Action::Link:
      return "link " + change.path + " to " + change.target;
    case FileForecast::Action::Remove:
      return "remove " + change.path;
    case FileForecast::Action::Fetch:
      return "fetch " + change.path + " from " + shown_url(change.target);
    case FileForecast::Action::Run:
      return "run " + change.target;
  }
  return "";
}

std::string octal(std::uint32_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3)
    text.push_back(static_cast<char>('0' + ((mode >> shift) & 7U)));
  return text;
}

/// What changes in a file's text; a remark where it is not for everybody.
std::string diff_text(const FileForecast& change) {
  if (change.action != FileForecast::Action::Write) return "";
  std::string text = "--- " + change.path + "\n+++ " + change.path +
                     (change.mode ? " (mode " + octal(*change.mode) + ")" : "") + "\n";
  if (!change.open_to_all) return text + "(not shown: not everybody may read this file)\n";
  return text + unified_diff(change.before, change.after);
}

std::string run_text(const Unit& unit, const std::vector<std::string>& waits) {
  std::string text = "start";
  if (!waits.empty()) text += " after " + join(waits, ", ");
  return text + ": " + join(unit.launch.argv, " ");
}

std::string step_text(const StepForecast& step) {
  if (step.changes.empty())
    return step.result == "changed" ? step.why : step.result + ": " + step.why;
  std::vector<std::string> actions;
  for (const FileForecast& change : step.changes) actions.push_back(action_text(change));
  return join(actions, "\n" + std::string(kNameWidth + 1, ' '));
}

std::string printable_lines(const std::string& text, std::size_t width) {
  const std::string indent(kNameWidth + 1, ' ');
  std::string shown;
  for (std::string_view line : split(text, '\n'))
    shown += wrapped(printable(line, 2000), width, indent);
  shown.pop_back();
  return shown;
}

std::string line_of(const PlanView& view, std::size_t index, bool diff) {
  const Unit& unit = view.plan.units[index];
  const std::string id = unit.id();
  std::string text = id + std::string(id.size() < kNameWidth ? kNameWidth - id.size() : 0, ' ');
  if (!view.skipped[index].empty()) return text + " skipped: " + view.skipped[index] + "\n";
  const StepForecast* step = forecast_of(view, id);
  if (step == nullptr) return text + " " + run_text(unit, waited_for(view.plan, unit)) + "\n";
  text += " " + step_text(*step) + "\n";
  for (const std::string& note : step->notes)
    text += std::string(kNameWidth, ' ') + " " + note + "\n";
  if (diff)
    for (const FileForecast& change : step->changes) text += diff_text(change);
  return text;
}

Value to_array(const std::vector<std::string>& strings) {
  Value::Array array;
  for (const std::string& text : strings) array.emplace_back(text);
  return array;
}

Value change_json(const FileForecast& change, const std::vector<std::string>& secrets) {
  Value json;
  json.set("action", masked(action_text(change), secrets));
  json.set("path", change.path);
  if (change.mode) json.set("mode", octal(*change.mode));
  if (const std::string diff = diff_text(change); !diff.empty())
    json.set("diff", masked(diff, secrets));
  return json;
}

std::string quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

}  // namespace

std::string plan_text(const PlanView& view, bool diff, std::size_t width) {
  std::string text;
  for (std::size_t i = 0; i < view.plan.units.size(); ++i) text += line_of(view, i, diff);
  return printable_lines(masked(text, view.secrets), diff ? 0 : width);
}

Value plan_json(const PlanView& view) {
  Value::Array units;
  for (std::size_t i = 0; i < view.plan.units.size(); ++i) {
    const Unit& unit = view.plan.units[i];
    std::vector<std::string> after, needed;
    for (const UnitIndex before : unit.after) after.push_back(view.plan[before].id());
    for (const UnitIndex before : unit.requires_) needed.push_back(view.plan[before].id());
    Value json;
    json.set("unit", unit.id());
    json.set("kind", to_text(unit.kind));
    json.set("after", to_array(after));
    json.set("requires", to_array(needed));
    json.set("on_failure", to_text(unit.on_failure));
    if (!unit.launch.argv.empty())
      json.set("command", masked(join(unit.launch.argv, " "), view.secrets));
    const StepForecast* step = forecast_of(view, unit.id());
    if (!view.skipped[i].empty() || step != nullptr) {
      json.set("result", step == nullptr ? "skipped" : step->result);
      json.set("why", masked(step == nullptr ? view.skipped[i] : step->why, view.secrets));
    }
    if (step != nullptr) {
      Value::Array changes;
      for (const FileForecast& change : step->changes)
        changes.push_back(change_json(change, view.secrets));
      json.set("changes", std::move(changes));
      json.set("notes", to_array(step->notes));
    }
    units.push_back(std::move(json));
  }
  Value whole;
  whole.set("sources", to_array(view.plan.sources));
  whole.set("units", std::move(units));
  return whole;
}

std::string plan_dot(const PlanView& view) {
  std::string text = "digraph boot {\n  rankdir=LR;\n  node [shape=box];\n";
  bool all_steps = false;
  for (std::size_t i = 0; i < view.plan.units.size(); ++i) {
    const Unit& unit = view.plan.units[i];
    const bool skipped = !view.skipped[i].empty();
    text += "  " + quoted(unit.id()) + (skipped ? " [style=dashed]" : "") + ";\n";
    const bool all = waits_for_all_steps(view.plan, unit);
    if (all) text += "  \"all steps\" -> " + quoted(unit.id()) + ";\n";
    all_steps = all_steps || all;
    for (const UnitIndex before : unit.after) {
      if (all && view.plan[before].kind == UnitKind::Step) continue;
      const bool needed = std::ranges::find(unit.requires_, before) != unit.requires_.end();
      text += "  " + quoted(view.plan[before].id()) + " -> " + quoted(unit.id()) +
              (needed ? "" : " [style=dashed]") + ";\n";
    }
  }
  for (const Unit& unit : view.plan.units)
    if (all_steps && unit.kind == UnitKind::Step)
      text += "  " + quoted(unit.id()) + " -> \"all steps\" [style=dashed];\n";
  return text + "}\n";
}

}  // namespace bootsman
