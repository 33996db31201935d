#include "cli/import_command.h"

#include <fnmatch.h>

#include <cstdio>

#include "base/text.h"
#include "config/supervisor_import.h"
#include "sys/fd.h"
#include "sys/file.h"

namespace bootsman {
namespace {

constexpr std::size_t kFilesMax = 256;

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// The files that a pattern of [include] means; wildcards only in the last part.
std::vector<std::string> matches(const std::string& pattern, const std::string& folder) {
  const std::string whole = pattern.starts_with('/') ? pattern : folder + "/" + pattern;
  const std::string within = folder_of(whole);
  const std::string last = whole.substr(whole.rfind('/') + 1);
  std::vector<std::string> files;
  for (const std::string& name : list_directory(within))
    if (::fnmatch(last.c_str(), name.c_str(), FNM_PERIOD) == 0)
      files.push_back(within + "/" + name);
  return files;
}

/// The sections of the file, then those of the files that it includes, as supervisord reads them.
Result<std::vector<IniSection>> read_all(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  std::vector<IniSection> sections = parse_ini(*text);
  std::vector<std::string> included;
  for (const IniSection& section : sections) {
    const std::string* files = section.name == "include" ? section.find("files") : nullptr;
    if (files == nullptr) continue;
    std::string patterns = *files;
    for (char& c : patterns)
      if (c == '\n' || c == '\t') c = ' ';
    for (const std::string_view pattern : split(patterns, ' '))
      if (!pattern.empty())
        for (std::string& file : matches(std::string(pattern), folder_of(path)))
          included.push_back(std::move(file));
  }
  if (included.size() > kFilesMax)
    return fail("cannot read " + path + ": it includes too many files");
  for (const std::string& file : included) {
    const auto more = read_text(file);
    if (!more) return fail(more.error());
    for (IniSection& section : parse_ini(*more)) sections.push_back(std::move(section));
  }
  return sections;
}

}  // namespace

int import_command(const Invocation& asked) {
  const std::string& path = asked.words.front();
  const auto sections = read_all(path);
  if (!sections) {
    std::fprintf(stderr, "%s\n", sections.error().message().c_str());
    return 1;
  }
  bool any = false;
  for (const IniSection& section : *sections) any = any || section.name.starts_with("program:");
  if (!any) {
    std::fprintf(stderr, "cannot import %s: it has no [program:NAME]\n", printable(path).c_str());
    return 1;
  }
  const ImportedConfig imported = import_supervisor(*sections, folder_of(path));
  (void)std::fwrite(imported.toml.data(), 1, imported.toml.size(), stdout);
  for (const std::string& note : imported.notes) std::fprintf(stderr, "%s\n", note.c_str());
  return 0;
}

}  // namespace bootsman
