#include "plan/links.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace bootsman {
namespace {

using Strings = std::vector<std::string>;

constexpr std::size_t kHintsMax = 100;

class Linker {
 public:
  Linker(const Config& config, Diagnostics& diagnostics) : diagnostics_(diagnostics) {
    for (const UnitConfig& unit : config.units) {
      by_id_[unit.id()] = &unit;
      by_name_[unit.name].push_back(&unit);
      if (!unit.enabled) continue;
      index_[&unit] = links_.units.size();
      links_.units.push_back(&unit);
    }
    links_.of.resize(links_.units.size());
    links_.skip_reasons.resize(links_.units.size());
    linked_by_.resize(links_.units.size());
  }

  Links run() {
    for (std::size_t i = 0; i < links_.units.size(); ++i) {
      written(i, "requires", true);
      written(i, "after", false);
      written(i, "restart_on", false);
      implied(i);
    }
    pass_on_skips();
    return std::move(links_);
  }

 private:
  void written(std::size_t from, const std::string& key, bool required) {
    const UnitConfig& unit = *links_.units[from];
    const Setting* setting = unit.settings.find(key);
    const Strings* names = unit.settings.get<Strings>(key);
    if (names == nullptr || setting->unresolved) return;
    for (const std::string& name : *names) {
      const UnitConfig* target = resolve(name, unit.id() + "." + key, setting->at);
      if (target == nullptr) continue;
      if (target->enabled)
        add(from, {index_[target], required, false, key == "restart_on", setting->at});
      else if (required && links_.skip_reasons[from].empty())
        links_.skip_reasons[from] = "requires " + target->id() + ", which is disabled";
    }
  }

  void implied(std::size_t from) {
    const UnitConfig& unit = *links_.units[from];
    const bool* early = unit.settings.get<bool>("early");
    // A step may need a mount, so a mount waits for what it names only.
    if (unit.kind == ConfigKind::Step || unit.kind == ConfigKind::Mount) return;
    if (early != nullptr && *early) return;
    for (std::size_t i = 0; i < links_.units.size(); ++i) {
      const ConfigKind kind = links_.units[i]->kind;
      const bool needed = kind == ConfigKind::Mount && unit.kind == ConfigKind::Job;
      if (kind == ConfigKind::Step || needed) add(from, {i, needed, true, false, unit.at});
    }
  }

  void add(std::size_t from, Link link) {
    if (linked_by_[link.to] == from + 1) {
      Link& known = *std::ranges::find(links_.of[from], link.to, &Link::to);
      known.restarts = known.restarts || link.restarts;
      known.required = known.required || link.required;
      return;
    }
    linked_by_[link.to] = from + 1;
    links_.of[from].push_back(link);
  }

  const UnitConfig* resolve(const std::string& name, const std::string& key, Position at) {
    if (const auto found = by_id_.find(name); found != by_id_.end()) return found->second;
    const auto found = by_name_.find(name);
    if (found != by_name_.end() && found->second.size() == 1) return found->second[0];
    if (found != by_name_.end()) {
      Strings ids;
      for (const UnitConfig* unit : found->second) ids.push_back("\"" + unit->id() + "\"");
      diagnostics_.error(at, key,
                         "\"" + name + "\" may be several units: write " + join(ids, " or "));
      return nullptr;
    }
    std::vector<std::string_view> candidates;
    // Past so many mistakes nobody reads hints, and finding them takes time.
    if (diagnostics_.all().size() < kHintsMax)
      for (const auto& [id, unit] : by_id_) candidates.push_back(id);
    for (const auto& [bare, units] : by_name_) candidates.push_back(bare);
    const auto hint = nearest(name, candidates);
    diagnostics_.error(at, key,
                       "there is no unit \"" + printable(name, 80) + "\"" +
                           (hint ? ", did you mean \"" + std::string(*hint) + "\"?" : ""));
    return nullptr;
  }

  /// What requires a unit that is skipped for a disabled one is skipped as well.
  void pass_on_skips() {
    bool changed = true;
    while (changed) {
      changed = false;
      for (std::size_t i = 0; i < links_.units.size(); ++i) {
        if (!links_.skip_reasons[i].empty()) continue;
        for (const Link& link : links_.of[i]) {
          if (!link.required || links_.skip_reasons[link.to].empty()) continue;
          links_.skip_reasons[i] =
              "requires " + links_.units[link.to]->id() + ", which " + links_.skip_reasons[link.to];
          changed = true;
          break;
        }
      }
    }
  }

  Diagnostics& diagnostics_;
  Links links_;
  std::vector<std::size_t> linked_by_;  ///< By target: 1 + the last unit that was linked to it.
  std::map<std::string, const UnitConfig*, std::less<>> by_id_;
  std::map<std::string, std::vector<const UnitConfig*>, std::less<>> by_name_;
  std::map<const UnitConfig*, std::size_t> index_;
};

}  // namespace

Links link_units(const Config& config, Diagnostics& diagnostics) {
  return Linker(config, diagnostics).run();
}

void report_cycles(const Links& links, const std::vector<std::vector<std::size_t>>& cycles,
                   const std::vector<std::string>& files, Diagnostics& diagnostics) {
  for (const std::vector<std::size_t>& cycle : cycles) {
    Strings ids, places;
    bool implicit = false;
    Position first;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const std::size_t next = cycle[(i + 1) % cycle.size()];
      const Link& link =
          *std::ranges::find_if(links.of[cycle[i]], [&](const Link& l) { return l.to == next; });
      ids.push_back(links.units[cycle[i]]->id());
      implicit = implicit || link.implicit;
      if (link.implicit) continue;
      if (first.line == 0) first = link.at;
      places.push_back(files[link.at.file] + ":" + std::to_string(link.at.line) + ":" +
                       std::to_string(link.at.column));
    }
    ids.push_back(ids[0]);
    std::string text = "cannot be ordered, each waits for the next: " + join(ids, " → ") + " (" +
                       join(places, ", ") + ")";
    if (implicit) text += "; services wait for all steps unless they say early = true";
    diagnostics.error(first, ids[0], std::move(text));
  }
}

}  // namespace bootsman
