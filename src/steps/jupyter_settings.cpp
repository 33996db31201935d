#include "steps/jupyter_settings.h"

#include "base/json.h"
#include "base/text.h"

namespace bootsman {
namespace {

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// The folders that are missing above `path`, the outermost first, as the user's own: JupyterLab
/// makes further ones beside them.
Result<void> want_folders(const StepFacts& facts, const std::string& folder,
                          const std::optional<Account>& user, StepWork& work) {
  if (!user) {
    if (facts.files->follow(folder).kind != PathFact::Kind::Directory)
      work.changes.push_back(MakeDirectory{folder});
    return {};
  }
  if (folder.size() > user->home.size() && folder.starts_with(user->home + "/")) {
    if (auto above = want_folders(facts, folder_of(folder), user, work); !above) return above;
    // Only root's links are followed: others could make us write where they may not.
    if (user->uid != 0 && facts.files->look(folder).kind == PathFact::Kind::Symlink)
      return fail("cannot write into " + folder + ": it is a symbolic link of its user");
  }
  if (facts.files->follow(folder).kind == PathFact::Kind::Missing)
    work.changes.push_back(MakeDirectory{.path = folder, .owner = FileOwner{user->uid, user->gid}});
  return {};
}

/// A settings file of JupyterLab, unless the user has one: the program itself rewrites it.
Result<void> want_setting(const StepFacts& facts, const std::string& path, std::string_view key,
                          const std::string& value, const std::optional<Account>& user,
                          StepWork& work) {
  if (value.empty()) return {};
  auto owner = owner_of(facts, path);
  if (!owner) return fail(std::move(owner).error());
  std::string content = "{" + to_json(key) + ": " + to_json(value) + "}\n";
  // The same bytes are ours: a start that was cut off wrote them, and could not record it.
  if (*owner == Ownership::Foreign && facts.files->read(path).value_or("") != content) return {};
  if (auto made = want_folders(facts, folder_of(path), user, work); !made) return made;
  WriteFile write{.path = path, .content = std::move(content)};
  if (user) {
    write.owner = FileOwner{user->uid, user->gid};
    write.follow = user->uid == 0;
  }
  work.changes.push_back(std::move(write));
  return {};
}

/// Where JupyterLab itself lies: share/jupyter/lab beside the bin of its program.
std::string lab_folder(const StepFacts& facts) {
  auto program = find_program(facts, "/root/miniconda3/bin/jupyter-lab");
  if (!program) program = find_program(facts, "jupyter-lab");
  if (!program) return "";
  const PathFact fact = facts.files->look(*program);
  if (fact.link.starts_with('/')) program = fact.link;
  return folder_of(folder_of(*program)) + "/share/jupyter/lab";
}

/// Adds the keys that are not there. True: some were added.
bool add_lacking(Value& into, const Value::Object& from) {
  bool added = false;
  for (const auto& [key, value] : from) {
    if (into.find(key) != nullptr) continue;
    into.set(key, value);
    added = true;
  }
  return added;
}

Result<Value> parse_object(const std::string& text) {
  auto value = parse_json(text);
  if (value && value->object() == nullptr) return fail("it is no JSON object");
  return value;
}

Result<void> want_overrides(const Value& settings, const StepFacts& facts, StepWork& work) {
  const auto wanted = string_pairs(settings, "overrides");
  if (wanted.empty()) return {};
  std::string folder = settings.get_string("lab_dir");
  if (folder.empty()) folder = lab_folder(facts);
  if (folder.empty()) {
    work.notes.emplace_back("overrides are not written: jupyter-lab is not in PATH");
    return {};
  }
  folder += "/settings";
  const std::string path = folder + "/overrides.json";
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  auto whole = parse_object(trim(text->value_or("")).empty() ? "{}" : **text);
  if (!whole) {
    work.warnings.push_back("kept " + path + " as it is: " + whole.error().message());
    return {};
  }
  bool added = false;
  for (const auto& [plugin, json] : wanted) {
    const auto ours = parse_object(json);
    if (!ours) return fail(Error(ours.error()).within("cannot use overrides of " + plugin));
    Value of_plugin{Value::Object{}};
    if (const Value* theirs = whole->find(plugin)) of_plugin = *theirs;
    if (of_plugin.object() == nullptr || !add_lacking(of_plugin, *ours->object())) continue;
    whole->set(plugin, std::move(of_plugin));
    added = true;
  }
  if (!added) {
    work.keeps.push_back(path);
    return {};
  }
  if (auto made = want_folders(facts, folder, std::nullopt, work); !made) return made;
  work.changes.push_back(WriteFile{.path = path, .content = to_json(*whole) + "\n"});
  return {};
}

}  // namespace

Result<void> want_lab_settings(const Value& settings, const StepFacts& facts,
                               const std::optional<Account>& user, StepWork& work) {
  std::string folder = settings.get_string("settings_dir");
  if (folder.empty())
    folder = (user            ? user->home
              : facts.is_root ? "/root"
                              : facts.env_or("HOME", "/root")) +
             "/.jupyter/lab/user-settings";
  struct Row {
    const char* extension;
    const char* key;
    const char* setting;
  };
  static constexpr Row kRows[] = {{"terminal", "theme", "terminal_theme"},
                                  {"translation", "locale", "locale"}};
  for (const Row& row : kRows) {
    const std::string path =
        folder + "/@jupyterlab/" + row.extension + "-extension/plugin.jupyterlab-settings";
    auto done = want_setting(facts, path, row.key, settings.get_string(row.setting), user, work);
    if (!done) return done;
  }
  return want_overrides(settings, facts, work);
}

}  // namespace bootsman
