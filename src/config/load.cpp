#include "config/load.h"

#include <algorithm>

#include "base/text.h"
#include "config/keys.h"
#include "config/layers.h"
#include "config/read_setting.h"

namespace bootsman {
namespace {

constexpr std::size_t kNameMax = 64;

bool is_unit_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kNameMax && name[0] != '-' && name[0] != '.' &&
         std::ranges::all_of(name, good);
}

Scope scope_of(const UnitConfig& unit) {
  switch (unit.kind) {
    case ConfigKind::Step:
      return unit.builtin ? kBuiltinStep : kCommandStep;
    case ConfigKind::Mount:
      return kMount;
    case ConfigKind::Service:
      return kService;
    case ConfigKind::Job:
      return kJob;
  }
  return kTop;
}

/// What a table is called in messages: "a service", "the built-in step motd".
std::string called(Scope scope, std::string_view builtin) {
  switch (scope) {
    case kBuiltinStep:
      return "the built-in step " + std::string(builtin);
    case kCommandStep:
      return "a step with a command";
    case kMount:
      return "a mount";
    case kService:
      return "a service";
    case kJob:
      return "the job";
    case kRoute:
      return "a route";
    case kTop:
      break;
  }
  return "the top level";
}

/// The rows that hold in a table: those of its scope, and for a built-in step its own first.
class Rows {
 public:
  explicit Rows(Scope scope, std::string_view builtin = "") : scope_(scope) {
    if (scope == kBuiltinStep) own_ = step_setting_keys(builtin);
  }

  /// The first one that it holds for; nullptr where there is none.
  template <class Holds>
  const Key* find(Holds holds) const {
    for (const Key& key : own_)
      if (holds(key)) return &key;
    for (const Key& key : key_table())
      if ((key.scopes & scope_) != 0 && holds(key)) return &key;
    return nullptr;
  }

 private:
  Scope scope_;
  std::vector<Key> own_;
};

/// Walks one table along the rows that hold in it.
class TableReader {
 public:
  using Skip = bool (*)(std::string_view name);

  TableReader(Scope scope, std::string_view builtin, const ReadContext& context, Settings& settings)
      : scope_(scope),
        builtin_(builtin),
        rows_(scope, builtin),
        context_(context),
        settings_(settings) {}

  /// `full` is the table's path in the configuration, `path` the same within the unit. False when
  /// anything was wrong. Members for which `skip` holds are somebody else's.
  bool read(const Node& node, const std::string& full, const std::string& path, Skip skip = none) {
    bool good = true;
    for (const auto& [name, member] : *node.table()) {
      if (skip(name)) continue;
      const std::string member_path = path.empty() ? name : path + "." + name;
      const std::string member_full = key_path(full, name);
      const bool dotted = name.find('.') != std::string::npos;  // A quoted key, no path.
      if (const Key* key = dotted ? nullptr : find(member_path)) {
        good &= value(member, *key, member_full);
      } else if (dotted || !has_below(member_path)) {
        unknown(member, name, path, member_full);
        good = false;
      } else if (member.table() == nullptr) {
        context_.diagnostics.error(member.at, member_full,
                                   "must be a table, not " + std::string(member.kind()));
        good = false;
      } else {
        good &= read(member, member_full, member_path);
      }
    }
    return good;
  }

 private:
  static bool none(std::string_view) { return false; }

  const Key* find(std::string_view path) const {
    return rows_.find([&](const Key& key) { return key.path == path; });
  }

  bool has_below(const std::string& path) const {
    const std::string start = path + ".";
    return rows_.find([&](const Key& key) { return key.path.starts_with(start); }) != nullptr;
  }

  bool value(const Node& node, const Key& key, const std::string& full) {
    if (key.type == KeyType::Routes) return true;  // Loader::routes() reads them.
    std::optional<Setting> setting = read_setting(node, key, full, context_);
    if (!setting) return false;
    settings_.set(std::string(key.path), std::move(*setting));
    return true;
  }

  void unknown(const Node& node, const std::string& name, const std::string& path,
               const std::string& full) {
    context_.diagnostics.error(node.key_at, full, "unknown key" + hint(name, path));
  }

  std::string hint(const std::string& name, const std::string& path) const {
    const std::string member = path.empty() ? name : path + "." + name;
    Scopes elsewhere = 0;
    for (const Key& key : key_table()) {
      const bool same = key.path == member || key.path.starts_with(member + ".");
      if (same && scope_ != kTop && scope_ != kRoute) elsewhere |= key.scopes & kUnit;
    }
    if (elsewhere != 0 && name.find('.') == std::string::npos)
      return ": it is for " + scope_names(elsewhere) + ", not for " + called(scope_, builtin_);
    const auto near = nearest(name, candidates(path));
    if (near) return ", did you mean \"" + std::string(*near) + "\"?";
    if (scope_ == kTop && path.empty())
      return ": units stand in [step.NAME], [mount.NAME], [service.NAME] or [job]";
    return "";
  }

  /// Names that could stand beside each other below `path`, and whole paths below it.
  std::vector<std::string_view> candidates(const std::string& path) const {
    std::vector<std::string_view> names;
    const std::string start = path.empty() ? "" : path + ".";
    rows_.find([&](const Key& key) {
      if (!key.path.starts_with(start)) return false;
      const std::string_view rest = key.path.substr(start.size());
      names.push_back(rest.substr(0, rest.find('.')));
      names.push_back(rest);
      return false;  // All of them.
    });
    if (scope_ == kTop && path.empty()) names.insert(names.end(), {"step", "mount", "service", "job"});
    return names;
  }

  Scope scope_;
  std::string_view builtin_;
  Rows rows_;
  const ReadContext& context_;
  Settings& settings_;
};

class Loader {
 public:
  Loader(const Layers& layers, const ConfigFacts& facts, LoadResult& result)
      : root_(layers.root), facts_(facts), result_(result) {}

  void run() {
    top();
    secrets_ = secret_names(result_.config.settings);
    routes();
    units_of(ConfigKind::Step);
    units_of(ConfigKind::Mount);
    units_of(ConfigKind::Service);
    if (const Node* job = root_.find("job")) unit(ConfigKind::Job, "job", *job, "job");
  }

 private:
  static bool is_unit_table(std::string_view name) {
    return name == "step" || name == "mount" || name == "service" || name == "job";
  }

  void top() {
    const std::vector<std::string> none;
    const ReadContext context{facts_, none, result_.diagnostics, true};
    TableReader(kTop, "", context, result_.config.settings).read(root_, "", "", is_unit_table);
  }

  void routes() {
    const std::string table = "gateway.routes";
    const Node* gateway = root_.find("gateway");
    const Node* all =
        gateway == nullptr || gateway->table() == nullptr ? nullptr : gateway->find("routes");
    if (all == nullptr) return;
    if (all->table() == nullptr) {
      result_.diagnostics.error(all->at, table,
                                "must be a table of routes: write routes = { \"/\" = "
                                "\"http://127.0.0.1:5000\" }");
      return;
    }
    for (const auto& [prefix, node] : *all->table()) route(prefix, node, key_path(table, prefix));
  }

  void route(const std::string& prefix, const Node& node, const std::string& full) {
    RouteConfig route;
    route.prefix = prefix;
    route.at = node.key_at;
    Node table = node;
    if (node.string() != nullptr) {
      Node to = node;
      table.data = Node::Table{{"to", std::move(to)}};
    } else if (node.table() == nullptr) {
      result_.diagnostics.error(node.at, full,
                                "must be a URL or a table, not " + std::string(node.kind()));
      return;
    }
    const bool* enabled = result_.config.settings.get<bool>("gateway.enabled");
    const ReadContext context{facts_, secrets_, result_.diagnostics,
                              enabled == nullptr || *enabled};
    route.broken = !TableReader(kRoute, "", context, route.settings).read(table, full, "");
    result_.config.routes.push_back(std::move(route));
  }

  void units_of(ConfigKind kind) {
    const std::string table(to_text(kind));
    const Node* all = root_.find(table);
    if (all == nullptr) return;
    if (all->table() == nullptr) {
      result_.diagnostics.error(all->at, table,
                                "must be a table of units: write [" + table + ".NAME]");
      return;
    }
    for (const auto& [name, node] : *all->table()) {
      const std::string full = key_path(table, name);
      if (node.table() == nullptr) {
        result_.diagnostics.error(
            node.key_at, full, "must be a table: write [" + table + ".NAME] with its keys below");
      } else if (!is_unit_name(name) || name == "job") {
        result_.diagnostics.error(
            node.key_at, full,
            name == "job"
                ? "cannot be called \"job\": that is the one [job]"
                : "cannot be a name of a unit: take up to 64 letters, digits, -, _ and ., "
                  "a letter, digit or _ first");
      } else {
        unit(kind, name, node, full);
      }
    }
  }

  void unit(ConfigKind kind, const std::string& name, const Node& node, const std::string& full) {
    if (node.table() == nullptr) {
      result_.diagnostics.error(node.at, full, "must be a table: write [" + full + "]");
      return;
    }
    if (result_.config.units.size() == kUnitsMax) {
      result_.diagnostics.error(node.key_at, full,
                                "there are more than " + std::to_string(kUnitsMax) + " units");
      return;
    }
    if (result_.config.units.size() > kUnitsMax) return;
    UnitConfig unit;
    unit.kind = kind;
    unit.name = name;
    unit.at = node.key_at;
    unit.builtin = kind == ConfigKind::Step && is_builtin_step(name);
    if (const Node* enabled = node.find("enabled"))
      if (const bool* value = std::get_if<bool>(&enabled->data)) unit.enabled = *value;
    if (unit.enabled && facts_.must_resolve) unit.skip_reason = unset_condition(node);
    const bool runs = unit.enabled && unit.skip_reason.empty();
    const ReadContext context{facts_, secrets_, result_.diagnostics, runs};
    TableReader reader(scope_of(unit), name, context, unit.settings);
    unit.broken = !reader.read(node, full, "");
    result_.config.units.push_back(std::move(unit));
  }

  /// Why `if_env` does not hold; empty when it does, or cannot be read (that is reported later).
  std::string unset_condition(const Node& node) const {
    const Node* names = node.find("if_env");
    if (names == nullptr) return "";
    const auto check = [&](const Node& item) -> std::string {
      if (item.string() == nullptr) return "";
      const Result<std::optional<std::string>> value = variable(*item.string(), facts_);
      // A NAME_FILE that cannot be read is set all the same; using it will say why it fails.
      if (!value || (value->has_value() && !(*value)->empty())) return "";
      return "the variable " + printable(*item.string(), 60) + " is not set";
    };
    if (names->array() == nullptr) return check(*names);
    for (const Node& item : *names->array())
      if (std::string why = check(item); !why.empty()) return why;
    return "";
  }

  const Node& root_;
  const ConfigFacts& facts_;
  LoadResult& result_;
  std::vector<std::string> secrets_;
};

}  // namespace

LoadResult load(const std::vector<SourceText>& sources, const ConfigFacts& facts) {
  LoadResult result;
  Layers layers = combine(sources, result.diagnostics);
  result.config.files = layers.files;
  result.config.complete = layers.complete;
  Loader(layers, facts, result).run();
  result.diagnostics.sort();
  return result;
}

}  // namespace bootsman
