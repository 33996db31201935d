#include "helper/record.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/json.h"

namespace bootsman {
namespace {

constexpr std::int64_t kSchema = 1;

/// The folder's file system; nothing where it is no folder.
std::optional<dev_t> device_of(const std::string& folder) {
  struct stat st = {};
  if (::stat(folder.c_str(), &st) != 0 || !S_ISDIR(st.st_mode)) return std::nullopt;
  return st.st_dev;
}

std::string above(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

/// The folder itself, or the nearest above it that is there.
std::string nearest_folder(std::string folder) {
  while (folder.size() > 1 && !device_of(folder)) folder = above(folder);
  return folder;
}

std::string file_in(const std::string& folder) {
  return folder + "/record.json";
}

}  // namespace

Record Record::load(const std::string& folder) {
  Record record;
  record.folder_ = folder;
  const auto text = read_file(file_in(folder));
  if (!text) return record;
  const auto json = parse_json(*text);
  if (!json || json->get_int("schema", 0) != kSchema) return record;
  const Value* steps = json->find("steps");
  if (steps == nullptr || steps->object() == nullptr) return record;
  for (const auto& [id, entry] : *steps->object()) record.steps_[id] = entry;
  return record;
}

std::optional<StepRecord> Record::find(const std::string& id) const {
  const auto found = steps_.find(id);
  if (found == steps_.end()) return std::nullopt;
  StepRecord record;
  record.identity = found->second.get_string("identity");
  record.memo = found->second.get_string("memo");
  const Value* targets = found->second.find("targets");
  if (targets != nullptr && targets->object() != nullptr)
    for (const auto& [path, hash] : *targets->object())
      if (hash.string() != nullptr) record.targets[path] = *hash.string();
  record.elsewhere = found->second.get_strings("elsewhere");
  return record;
}

void Record::put(const std::string& id, const StepRecord& record, std::int64_t unix_time) {
  Value targets{Value::Object{}};
  for (const auto& [path, hash] : record.targets) targets.set(path, hash);
  Value entry{Value::Object{}};
  entry.set("identity", record.identity);
  entry.set("time", unix_time);
  entry.set("targets", std::move(targets));
  entry.set("memo", record.memo);
  if (!record.elsewhere.empty()) {
    Value::Array elsewhere;
    for (const std::string& path : record.elsewhere) elsewhere.emplace_back(path);
    entry.set("elsewhere", std::move(elsewhere));
  }
  // The same outcome keeps its time, so that a start that changes nothing writes nothing.
  Value& old = steps_[id];
  const std::int64_t old_time = old.get_int("time", unix_time);
  entry.set("time", old_time);
  if (entry == old) return;
  entry.set("time", unix_time);
  old = std::move(entry);
}

FileResult<bool> Record::save() const {
  Value steps{Value::Object{}};
  for (const auto& [id, entry] : steps_) steps.set(id, entry);
  Value whole{Value::Object{}};
  whole.set("schema", kSchema);
  whole.set("steps", std::move(steps));
  if (auto made = make_directories(folder_); !made) return made;
  WriteOptions options;
  options.mode = 0600;
  options.follow = false;
  return write_file(file_in(folder_), to_json(whole) + "\n", options);
}

FileResult<bool> Record::save_privately() const {
  const FileStat st = stat_file(folder_);
  if (st.kind == FileKind::Missing) {
    if (auto made = make_directories(folder_, 0700); !made) return made;
  } else if (st.kind != FileKind::Directory || st.uid != ::geteuid()) {
    return file_error("use", folder_, EPERM);
  }
  return save();
}

std::string record_folder_beside(const std::string& path, const std::string& state_folder) {
  if (!path.starts_with('/')) return "";
  const auto ours = device_of(nearest_folder(state_folder));
  std::string root = nearest_folder(above(path));
  const auto device = device_of(root);
  if (!ours || !device || *ours == *device) return "";
  while (root.size() > 1 && device_of(above(root)) == device) root = above(root);
  return (root == "/" ? "" : root) + "/.bootsman";
}

}  // namespace bootsman
