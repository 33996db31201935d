#include "config/ini.h"

#include <algorithm>

#include "base/letter_case.h"
#include "base/text.h"

namespace bootsman {
namespace {

std::string_view without_comment(std::string_view line) {
  for (const std::string_view mark : {" ;", "\t;"}) line = line.substr(0, line.find(mark));
  return trim(line);
}

}  // namespace

const std::string* IniSection::find(std::string_view key) const {
  const std::string* found = nullptr;
  for (const auto& [one, value] : keys)
    if (one == key) found = &value;
  return found;
}

std::vector<IniSection> parse_ini(std::string_view text) {
  std::vector<IniSection> sections;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view bare = without_comment(line);
    if (bare.empty() || bare[0] == ';' || bare[0] == '#') continue;
    const bool indented = line[0] == ' ' || line[0] == '\t';
    if (!indented && bare[0] == '[' && bare.ends_with(']')) {
      sections.push_back({std::string(trim(bare.substr(1, bare.size() - 2))), {}});
    } else if (sections.empty()) {
      continue;
    } else if (indented && !sections.back().keys.empty()) {
      std::string& value = sections.back().keys.back().second;
      value += (value.empty() ? "" : "\n") + std::string(bare);
    } else if (const auto at = bare.find_first_of("=:"); at != std::string_view::npos) {
      sections.back().keys.emplace_back(lower(trim(bare.substr(0, at))),
                                        std::string(trim(bare.substr(at + 1))));
    }
  }
  return sections;
}

}  // namespace bootsman
