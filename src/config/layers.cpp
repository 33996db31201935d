#include "config/layers.h"

#include "base/text.h"
#include "config/embedded.h"
#include "config/parse.h"

namespace bootsman {
namespace {

constexpr std::string_view kDefaultPreset = "workspace";
constexpr int kCheckDepth = 3;  // service.NAME.ready

void merge(Node& base, Node over, int depth, bool of_job) {
  Node::Table* members = over.table();
  if (members == nullptr || base.table() == nullptr) {
    base = std::move(over);
    return;
  }
  for (auto& [name, member] : *members) {
    Node* old = base.find(name);
    const bool in_job = depth == 0 ? name == "job" : of_job;
    const bool whole = (name == "ready" || name == "health") &&
                       depth + 1 == (in_job ? kCheckDepth - 1 : kCheckDepth);
    if (old == nullptr)
      base.table()->push_back({name, std::move(member)});
    else if (whole)
      *old = std::move(member);
    else
      merge(*old, std::move(member), depth + 1, in_job);
  }
}

/// Takes the key out of a text's tree.
std::optional<Node> take(Node& root, std::string_view key) {
  Node::Table& members = *root.table();
  for (auto member = members.begin(); member != members.end(); ++member) {
    if (member->name != key) continue;
    Node taken = std::move(member->node);
    members.erase(member);
    return taken;
  }
  return std::nullopt;
}

/// The preset's name, from the first text; takes `extends` out of all.
std::string chosen_preset(std::vector<Node>& roots, Diagnostics& diagnostics) {
  std::string chosen(kDefaultPreset);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    const std::optional<Node> said = take(roots[i], "extends");
    if (!said) continue;
    if (roots[i].at.file != 1) {
      diagnostics.error(said->key_at, "extends", "only the first file may choose the preset");
      continue;
    }
    std::vector<std::string_view> names;
    for (const EmbeddedPreset& preset : embedded_presets()) names.push_back(preset.name);
    std::string known;
    for (const std::string_view name : names)
      known += (known.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    const std::string* name = said->string();
    if (name == nullptr) {
      diagnostics.error(said->at, "extends",
                        "must be a string, not " + std::string(said->kind()) + ": one of " + known);
    } else if (embedded_preset(*name).data() == nullptr) {
      const auto hint = nearest(*name, names);
      diagnostics.error(
          said->at, "extends",
          "there is no preset \"" + printable(*name, 60) + "\"" +
              (hint ? ", did you mean \"" + std::string(*hint) + "\"?" : ": there are " + known));
    } else {
      chosen = *name;
    }
  }
  return chosen;
}

}  // namespace

Layers combine(const std::vector<SourceText>& sources, Diagnostics& diagnostics) {
  Layers layers;
  layers.root.data = Node::Table{};
  layers.files.emplace_back();
  std::vector<Node> roots;
  for (const SourceText& source : sources) {
    const auto file = static_cast<std::uint32_t>(layers.files.size());
    layers.files.push_back(source.name);
    if (std::optional<Node> root = parse_toml(source.text, file, diagnostics)) {
      root->at = {file, 1, 1};
      roots.push_back(std::move(*root));
    } else {
      layers.complete = false;
    }
  }
  const std::string preset = chosen_preset(roots, diagnostics);
  layers.files[0] = "preset " + preset;
  if (std::optional<Node> base = parse_toml(embedded_preset(preset), 0, diagnostics))
    merge(layers.root, std::move(*base), 0, false);
  else
    layers.complete = false;
  for (Node& root : roots) merge(layers.root, std::move(root), 0, false);
  return layers;
}

}  // namespace bootsman
