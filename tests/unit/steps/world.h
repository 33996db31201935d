#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "config/step_keys.h"
#include "steps/catalog.h"
#include "steps/facts.h"

namespace bootsman::test {

/// A container in memory: files, and programs that are functions. Steps are planned against it and
/// their work is done on it, as helper/apply does it on the real one.
class BootWorld : public FileView {
 public:
  struct Entry {
    PathFact::Kind kind = PathFact::Kind::File;
    std::string text;  ///< Of a file; the target of a symlink.
    std::uint32_t mode = 0644;
    bool operator==(const Entry&) const = default;
  };
  using Program = std::function<CommandOutput(BootWorld&, const CommandLine&)>;

  BootWorld() {
    facts.files = this;
    facts.identity = "container:a";
    facts.random = std::string(64, '\x5a');
    facts.today = 20000;
    facts.image_path = "/opt/bootsman/bootsman";
    facts.env["PATH"] = "/usr/sbin:/usr/bin";
    facts.query = [this](const CommandLine& command) { return run(command); };
    // Not a hash, but like one: it depends on both and carries its setting.
    facts.crypt = [](std::string_view secret, std::string_view setting) -> Result<std::string> {
      const std::string salt(
          setting.substr(0, setting.rfind('$') == 2 ? setting.size() : setting.rfind('$')));
      if (!salt.starts_with("$6$")) return fail("cannot hash the password: unknown method");
      return salt + "$<" + hashed(secret) + ">";
    };
    for (const char* folder : {"/etc", "/etc/ssh", "/etc/default", "/root", "/usr/bin", "/run"})
      folder_(folder);
  }
  BootWorld(const BootWorld&) = delete;
  BootWorld& operator=(const BootWorld&) = delete;

  PathFact look(const std::string& path) const override {
    const auto found = entries.find(path);
    if (found == entries.end()) return {};
    PathFact fact{found->second.kind, found->second.mode, ""};
    if (fact.kind == PathFact::Kind::Symlink) fact.link = found->second.text;
    return fact;
  }
  PathFact follow(const std::string& path) const override { return look(resolve(path)); }
  Result<std::string> read(const std::string& path) const override {
    const auto found = entries.find(resolve(path));
    if (found == entries.end()) return fail("cannot read " + path + ": No such file or directory");
    if (found->second.kind != PathFact::Kind::File) return fail("cannot read " + path);
    return found->second.text;
  }
  std::vector<std::string> list(const std::string& path) const override {
    const std::string folder = path == "/" ? path : path + "/";
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries)
      if (name.starts_with(folder) && name.find('/', folder.size()) == std::string::npos)
        names.push_back(name.substr(folder.size()));
    return names;
  }

  BootWorld& file(const std::string& path, std::string text, std::uint32_t mode = 0644) {
    entries[path] = {PathFact::Kind::File, std::move(text), mode};
    return *this;
  }
  BootWorld& folder_(const std::string& path) {
    entries[path] = {PathFact::Kind::Directory, "", 0755};
    return *this;
  }
  BootWorld& link(const std::string& path, const std::string& target) {
    entries[path] = {PathFact::Kind::Symlink, target, 0777};
    return *this;
  }
  BootWorld& program(const std::string& path, Program action = nullptr) {
    file(path, "", 0755);
    programs[path] = std::move(action);
    return *this;
  }
  /// What stands for a secret in a hash: a colon would end the field.
  static std::string hashed(std::string_view secret) {
    std::string text(secret);
    std::ranges::replace(text, ':', ';');
    return text;
  }
  std::string text(const std::string& path) const { return read(path).value_or("(missing)"); }

  Result<StepWork> plan(const std::string& type, Value settings = {}) const {
    const BuiltIn* step = find_built_in(type);
    REQUIRE(step != nullptr);
    return step->plan(with_step_defaults(type, settings), facts);
  }

  /// Plans, does the work and keeps the record, as a start of the container does. The error of a
  /// step that failed is returned as a work with that text in `skipped`.
  StepWork start(const std::string& type, Value settings = {}) {
    facts.record = records.contains(type) ? std::optional(records[type]) : std::nullopt;
    auto work = plan(type, std::move(settings));
    if (!work) return StepWork::skip("FAILED " + work.error().message());
    for (const Change& change : work->changes)
      std::visit([this](const auto& c) { apply(c); }, change);
    StepRecord record;
    record.identity = facts.identity;
    record.memo = work->memo;
    for (const std::string& path : written(*work))
      if (auto hash = hash_target(*this, path)) record.targets[path] = *hash;
    records[type] = record;
    return std::move(*work);
  }

  std::map<std::string, Entry> entries;
  std::map<std::string, Program> programs;
  std::map<std::string, StepRecord> records;
  std::vector<std::string> ran;  ///< Command lines in order.
  StepFacts facts;

 private:
  std::string resolve(std::string path) const {
    for (int hops = 0; hops < 8; ++hops) {
      const auto found = entries.find(path);
      if (found == entries.end() || found->second.kind != PathFact::Kind::Symlink) return path;
      const std::string& target = found->second.text;
      path = target.starts_with('/') ? target : path.substr(0, path.rfind('/') + 1) + target;
    }
    return path;
  }

  Result<CommandOutput> run(const CommandLine& command) {
    std::string line;
    for (const std::string& word : command.argv) line += (line.empty() ? "" : " ") + word;
    ran.push_back(line);
    const auto found = programs.find(command.argv[0]);
    if (found == programs.end()) return fail("cannot run " + command.argv[0] + ": no such program");
    return found->second ? found->second(*this, command) : CommandOutput{};
  }

  static std::vector<std::string> written(const StepWork& work) {
    std::vector<std::string> paths = work.keeps;
    for (const Change& change : work.changes) {
      if (const auto* write = std::get_if<WriteFile>(&change)) paths.push_back(write->path);
      if (const auto* to_link = std::get_if<MakeLink>(&change)) paths.push_back(to_link->path);
    }
    return paths;
  }

  void apply(const WriteFile& c) {
    const std::string path = c.follow ? resolve(c.path) : c.path;
    std::string content = c.content;
    if (c.verify) {
      std::vector<std::string> candidates = {c.content};
      candidates.insert(candidates.end(), c.fallbacks.begin(), c.fallbacks.end());
      const auto passes = std::ranges::find_if(
          candidates, [&](const std::string& text) { return verified(c, text); });
      if (passes == candidates.end()) return;
      content = *passes;
    }
    const auto old = entries.find(path);
    const std::uint32_t mode = c.mode ? *c.mode
                               : old != entries.end() && old->second.kind == PathFact::Kind::File
                                   ? old->second.mode
                                   : 0644;
    file(path, content, mode);
  }
  bool verified(const WriteFile& c, const std::string& text) {
    file("/trial", text + c.verify->context);
    CommandLine command = c.verify->command;
    std::ranges::replace(command.argv, std::string("{}"), std::string("/trial"));
    const auto output = run(command);
    entries.erase("/trial");
    return output && output->status.success();
  }
  void apply(const MakeDirectory& c) { folder_(c.path).entries[c.path].mode = c.mode; }
  void apply(const MakeLink& c) { link(c.path, c.target); }
  void apply(const RemoveFile& c) { entries.erase(c.path); }
  void apply(const RenameFile& c) {
    if (!entries.contains(c.from)) return;
    entries[c.to] = entries[c.from];
    entries.erase(c.from);
  }
  void apply(const RunCommand& c) { (void)run(c.command); }
  void apply(const FetchFile& c) { file(c.path, "from " + c.from.url, c.mode.value_or(0644)); }
  void apply(const FillFolder& c) {
    if (!c.archive) (void)run(c.make.command);
    folder_(c.path).file(c.path + "/filled", "");
  }
};

inline Value settings(std::initializer_list<std::pair<const char*, Value>> rows) {
  Value value{Value::Object{}};
  for (const auto& [key, setting] : rows) value.set(key, setting);
  return value;
}

inline CommandOutput printed(std::string out, int code = 0) {
  CommandOutput output;
  output.out = std::move(out);
  output.status = ExitStatus::exited(code);
  return output;
}

/// The same start twice: the second must find nothing to do, in every file and folder.
inline void check_idempotent(BootWorld& world, const std::string& type, const Value& with = {}) {
  const auto once = world.entries;
  const StepWork second = world.start(type, with);
  for (const auto& [path, entry] : world.entries) {
    INFO(type << " touched " << path);
    REQUIRE(once.contains(path));
    CHECK(once.at(path) == entry);
  }
  CHECK(once.size() == world.entries.size());
}

}  // namespace bootsman::test
