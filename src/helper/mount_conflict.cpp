#include "helper/mount_conflict.h"

#include <algorithm>

#include "base/text.h"
#include "helper/mount_target.h"

namespace bootsman {
namespace {

bool is_separator(char c) {
  return std::string_view(" \t\r;&|()<>`\"'").find(c) != std::string_view::npos;
}

/// The words of a line of shell, without quotes, up to a comment.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    if (c == '#' && word.empty()) break;
    if (!is_separator(c)) {
      word += c;
      continue;
    }
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool deletes_below(const std::vector<std::string>& words, const std::string& target) {
  bool rm = false;
  bool recursive = false;
  for (const std::string& word : words) {
    if (base_name(word) == "rm") rm = true;
    if (!rm) continue;
    if (word.starts_with("--recursive")) recursive = true;
    if (word.starts_with('-') && !word.starts_with("--"))
      recursive = recursive || word.find_first_of("rR") != std::string::npos;
    const bool at = word == target || word.starts_with(target + "/");
    if (recursive && at) return true;
  }
  return false;
}

}  // namespace

std::string mount_conflict(const std::string& target, const std::vector<MountEntry>& mounts,
                           const std::vector<ScriptText>& scripts) {
  if (!mounts.empty() && mounts.front().source != kBareSource) {
    return printable(mounts.back().type, 40) + " is mounted on " + printable(target) + " already";
  }
  for (const ScriptText& script : scripts) {
    for (const std::string_view line : split(script.text, '\n')) {
      const auto words = words_of(line);
      const auto is_s3fs = [](const std::string& word) { return base_name(word) == "s3fs"; };
      const std::string instead = ": docs/mounts.md has what to put in its place";
      if (deletes_below(words, target))
        return script.name + " deletes what is below " + printable(target) + instead;
      if (std::ranges::any_of(words, is_s3fs)) return script.name + " calls s3fs itself" + instead;
    }
  }
  return "";
}

std::vector<std::string> named_files(const std::vector<std::string>& argv) {
  std::vector<std::string> files;
  for (const std::string& argument : argv)
    for (std::string& word : words_of(argument))
      if (word.starts_with('/') && std::ranges::find(files, word) == files.end())
        files.push_back(std::move(word));
  return files;
}

}  // namespace bootsman
