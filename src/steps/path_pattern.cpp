#include "steps/path_pattern.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::string_view kPython = "{python}";

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool exists(const StepFacts& facts, const std::string& path) {
  return facts.files->follow(path).kind != PathFact::Kind::Missing;
}

/// What matches `pattern`, an absolute path; without a wildcard in its last part that need not be
/// there.
std::vector<std::string> match(const StepFacts& facts, std::string_view pattern) {
  std::vector<std::string> found = {""};
  const auto parts = split(pattern.substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part(parts[i]);
    const bool last = i + 1 == parts.size();
    std::vector<std::string> next;
    for (const std::string& folder : found) {
      if (!has_wildcard(part)) {
        const std::string path = folder + "/" + part;
        if (last || exists(facts, path)) next.push_back(path);
        continue;
      }
      for (const std::string& name : facts.files->list(folder.empty() ? "/" : folder))
        if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0)
          next.push_back(folder + "/" + name);
    }
    found = std::move(next);
  }
  return found;
}

std::vector<std::string> python_folders(const StepFacts& facts) {
  std::set<std::string> prefixes = {"/usr", "/usr/local", "/opt/conda", "/root/miniconda3"};
  const std::string path = facts.env_or("PATH", "");
  for (const std::string_view folder : split(path, ':'))
    if (folder.starts_with('/') && folder.ends_with("/bin") && folder.size() > 4)
      prefixes.insert(std::string(folder.substr(0, folder.size() - 4)));
  std::set<std::string> folders;
  for (const std::string& prefix : prefixes)
    for (const char* end : {"/lib/python3*/*-packages", "/lib64/python3*/*-packages"})
      for (std::string& found : match(facts, prefix + end))
        if (found.ends_with("/site-packages") || found.ends_with("/dist-packages"))
          folders.insert(std::move(found));
  return {folders.begin(), folders.end()};
}

bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/') || path.size() < 2) return false;
  const auto parts = split(path.substr(1), '/');
  return std::ranges::all_of(parts, [](std::string_view part) {
    return !part.empty() && part != "." && part != ".." &&
           part.find('\0') == std::string_view::npos;
  });
}

}  // namespace

Result<std::vector<std::string>> expand_target(const StepFacts& facts, const std::string& target) {
  const bool python = target.starts_with(kPython);
  const std::string rest = python ? target.substr(kPython.size()) : target;
  if (!is_plain_path(rest))
    return fail("cannot use the target \"" + printable(target) +
                "\": write an absolute path, or \"{python}/…\", without \"..\"");
  if (!python && !has_wildcard(rest)) return std::vector<std::string>{rest};
  std::vector<std::string> paths;
  for (const std::string& folder : python ? python_folders(facts) : std::vector<std::string>{""})
    for (std::string& path : match(facts, folder + rest)) {
      const std::string parent = path.substr(0, path.rfind('/'));
      if (exists(facts, parent)) paths.push_back(std::move(path));
    }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace bootsman
