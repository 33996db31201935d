#include "steps/planned_files.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr int kLinksMax = 40;
constexpr std::uint32_t kReadByAll = 0004;

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

PathFact PlannedFiles::look(const std::string& path) const {
  const auto found = entries_.find(path);
  return found == entries_.end() ? below_.look(path) : found->second.fact;
}

std::string PlannedFiles::resolve(std::string path) const {
  for (int hops = 0; hops < kLinksMax; ++hops) {
    const PathFact fact = look(path);
    if (fact.kind != PathFact::Kind::Symlink) return path;
    path = fact.link.starts_with('/') ? fact.link : folder_of(path) + "/" + fact.link;
  }
  return path;
}

PathFact PlannedFiles::follow(const std::string& path) const {
  const std::string end = resolve(path);
  const auto found = entries_.find(end);
  return found == entries_.end() ? below_.follow(end) : found->second.fact;
}

Result<std::string> PlannedFiles::read(const std::string& path) const {
  const std::string end = resolve(path);
  const auto found = entries_.find(end);
  if (found == entries_.end()) return below_.read(end);
  if (found->second.fact.kind == PathFact::Kind::File) return found->second.text;
  return fail("cannot read " + path + ": there would be no file");
}

std::vector<std::string> PlannedFiles::list(const std::string& path) const {
  std::vector<std::string> names = below_.list(path);
  const std::string start = path + "/";
  for (const auto& [name, entry] : entries_) {
    if (!name.starts_with(start) || name.find('/', start.size()) != std::string::npos) continue;
    const std::string bare = name.substr(start.size());
    std::erase(names, bare);
    if (entry.fact.kind != PathFact::Kind::Missing) names.push_back(bare);
  }
  std::ranges::sort(names);
  return names;
}

std::optional<FileForecast> PlannedFiles::make(const Change& change) {
  return std::visit([this](const auto& one) { return forecast_of(one); }, change);
}

std::optional<FileForecast> PlannedFiles::forecast_of(const WriteFile& change) {
  const std::string path = change.follow ? resolve(change.path) : change.path;
  const PathFact old = follow(path);
  FileForecast forecast{.path = path, .target = {}};
  const bool exists = old.kind == PathFact::Kind::File;
  forecast.before = exists ? read(path).value_or("") : "";
  forecast.after = change.content;
  // One of the other candidates may be in place since an earlier start.
  for (const std::string& other : change.fallbacks)
    if (exists && forecast.before == other) forecast.after = other;
  const std::uint32_t mode = change.mode.value_or(exists ? old.mode : 0644);
  if (!exists || mode != old.mode) forecast.mode = mode;
  forecast.open_to_all = (mode & kReadByAll) != 0 && (!exists || (old.mode & kReadByAll) != 0);
  entries_[path] = {PathFact{PathFact::Kind::File, mode, ""}, forecast.after};
  if (exists && forecast.before == forecast.after && !forecast.mode) return std::nullopt;
  return forecast;
}

std::optional<FileForecast> PlannedFiles::forecast_of(const MakeDirectory& change) {
  if (follow(change.path).kind == PathFact::Kind::Directory) return std::nullopt;
  for (std::string path = change.path; path != "/"; path = folder_of(path))
    if (follow(path).kind == PathFact::Kind::Missing)
      entries_[path] = {PathFact{PathFact::Kind::Directory, 0755, ""}, ""};
  FileForecast forecast{.action = FileForecast::Action::MakeFolder, .path = change.path};
  forecast.mode = change.mode;
  return forecast;
}

std::optional<FileForecast> PlannedFiles::forecast_of(const MakeLink& change) {
  const PathFact old = look(change.path);
  if (old.kind == PathFact::Kind::Symlink && old.link == change.target) return std::nullopt;
  entries_[change.path] = {PathFact{PathFact::Kind::Symlink, 0777, change.target}, ""};
  return FileForecast{
      .action = FileForecast::Action::Link, .path = change.path, .target = change.target};
}

std::optional<FileForecast> PlannedFiles::forecast_of(const RemoveFile& change) {
  if (look(change.path).kind == PathFact::Kind::Missing) return std::nullopt;
  entries_[change.path] = {};
  return FileForecast{.action = FileForecast::Action::Remove, .path = change.path};
}

/// What is renamed was made by a command, so nobody knows what it holds.
std::optional<FileForecast> PlannedFiles::forecast_of(const RenameFile& change) {
  entries_[change.from] = {};
  entries_[change.to] = {PathFact{PathFact::Kind::File, 0600, ""}, ""};
  FileForecast forecast{.path = change.to};
  forecast.open_to_all = false;
  return forecast;
}

std::optional<FileForecast> PlannedFiles::forecast_of(const RunCommand& change) {
  return FileForecast{.action = FileForecast::Action::Run,
                      .path = change.intent,
                      .target = join(change.command.argv, " ")};
}

std::optional<FileForecast> PlannedFiles::forecast_of(const FetchFile& change) {
  entries_[change.path] = {PathFact{PathFact::Kind::File, change.mode.value_or(0644), ""}, ""};
  return FileForecast{
      .action = FileForecast::Action::Fetch, .path = change.path, .target = change.from.url};
}

std::optional<FileForecast> PlannedFiles::forecast_of(const FillFolder& change) {
  entries_[change.path] = {PathFact{PathFact::Kind::Directory, 0755, ""}, ""};
  return forecast_of(change.make);
}

}  // namespace bootsman
