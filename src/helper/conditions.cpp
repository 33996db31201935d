#include "helper/conditions.h"

#include "base/text.h"

namespace bootsman {
namespace {

bool is_path(std::string_view name) {
  return name.find('/') != std::string_view::npos;
}

bool is_there(const FileView& files, const std::string& name, std::string_view path) {
  if (is_path(name)) return files.follow(name).kind != PathFact::Kind::Missing;
  for (const std::string_view folder : split(path, ':')) {
    if (folder.empty()) continue;
    const PathFact fact = files.follow(std::string(folder) + "/" + name);
    if (fact.kind == PathFact::Kind::File && (fact.mode & 0111) != 0) return true;
  }
  return false;
}

std::string absence(const std::string& name) {
  return name + (is_path(name) ? " does not exist" : " is not in PATH");
}

std::string absence(const std::vector<std::string>& names) {
  if (names.size() == 1) return absence(names[0]);
  return "none of these exists: " + join(names, ", ");
}

}  // namespace

ConditionVerdict judge_conditions(const FileView& files, const std::vector<std::string>& if_exists,
                                  const std::vector<std::string>& if_not_exists,
                                  std::string_view path) {
  for (const std::string& name : if_not_exists)
    if (is_there(files, name, path)) return {false, name + " exists"};
  if (if_exists.empty()) return {};
  for (const std::string& name : if_exists)
    if (is_there(files, name, path)) return {};
  return {false, absence(if_exists)};
}

}  // namespace bootsman
