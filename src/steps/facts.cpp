#include "steps/facts.h"

#include <algorithm>

#include "base/text.h"
#include "steps/sha256.h"

namespace bootsman {

std::string StepFacts::env_or(std::string_view name, std::string_view otherwise) const {
  const auto found = env.find(std::string(name));
  return found != env.end() && !found->second.empty() ? found->second : std::string(otherwise);
}

std::optional<std::string> StepFacts::recorded(const std::string& path) const {
  if (record)
    if (const auto found = record->targets.find(path); found != record->targets.end())
      return found->second;
  return beside ? beside(path) : std::nullopt;
}

std::vector<std::pair<std::string, std::string>> string_pairs(const Value& settings,
                                                              std::string_view key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const Value* table = settings.find(key);
  if (table == nullptr || table->object() == nullptr) return pairs;
  for (const auto& [name, value] : *table->object())
    if (value.string() != nullptr) pairs.emplace_back(name, *value.string());
  return pairs;
}

Result<std::optional<std::string>> read_if_there(const StepFacts& facts, const std::string& path) {
  if (facts.files->follow(path).kind == PathFact::Kind::Missing) return std::nullopt;
  auto text = facts.files->read(path);
  if (!text) return fail(std::move(text).error());
  return std::move(*text);
}

std::optional<std::string> find_program(const StepFacts& facts, std::string_view name) {
  const auto runs = [&](const std::string& path) {
    const PathFact fact = facts.files->follow(path);
    return fact.kind == PathFact::Kind::File && (fact.mode & 0111) != 0;
  };
  if (name.find('/') != std::string_view::npos)
    return runs(std::string(name)) ? std::optional(std::string(name)) : std::nullopt;
  const std::string path =
      facts.env_or("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  for (const std::string_view folder : split(path, ':')) {
    if (folder.empty()) continue;
    const std::string candidate = std::string(folder) + "/" + std::string(name);
    if (runs(candidate)) return candidate;
  }
  return std::nullopt;
}

std::optional<std::string> hash_target(const FileView& files, const std::string& path) {
  const PathFact fact = files.look(path);
  if (fact.kind == PathFact::Kind::Missing) return std::nullopt;
  if (fact.kind == PathFact::Kind::Symlink && files.follow(path).kind != PathFact::Kind::File)
    return sha256_hex("-> " + fact.link);
  const auto text = files.read(path);
  if (!text) return std::nullopt;
  return sha256_hex(*text);
}

std::string written_by(std::string_view step) {
  return "# Written by bootsman (step " + std::string(step) + "). What you change here is kept.\n";
}

Result<Ownership> owner_of(const StepFacts& facts, const std::string& path) {
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  if (!*text || trim(**text).empty()) return Ownership::Free;
  const auto recorded = facts.recorded(path);
  if (facts.record || recorded)
    return recorded == sha256_hex(**text) ? Ownership::Ours : Ownership::Foreign;
  std::string_view head = **text;
  if (head.starts_with("#!")) head.remove_prefix(std::min(head.find('\n'), head.size() - 1) + 1);
  return head.starts_with("# Written by bootsman ") ? Ownership::Ours : Ownership::Foreign;
}

Result<std::optional<std::string>> find_secret(const StepFacts& facts, const std::string& name) {
  const auto given = facts.secrets.find(name);
  if (given != facts.secrets.end() && !given->second.empty()) return given->second;
  const auto file = facts.env.find(name + "_FILE");
  if (file == facts.env.end() || file->second.empty()) return std::nullopt;
  auto text = facts.files->read(file->second);
  if (!text) return fail(std::move(text).error().within(name + "_FILE"));
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty()) return std::nullopt;
  return std::move(*text);
}

bool record_holds(const StepFacts& facts) {
  if (!facts.record) return false;
  for (const auto& [path, hash] : facts.record->targets)
    if (hash_target(*facts.files, path) != hash) return false;
  for (const std::string& path : facts.record->elsewhere) {
    const auto recorded = facts.recorded(path);
    if (!recorded || hash_target(*facts.files, path) != recorded) return false;
  }
  return true;
}

}  // namespace bootsman
