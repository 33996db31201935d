#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bootsman {

/// One [section] of an INI file as supervisord reads it.
struct IniSection {
  std::string name;
  std::vector<std::pair<std::string, std::string>> keys;  ///< In order; names in lower case.

  /// The last value of that key, or nullptr.
  const std::string* find(std::string_view key) const;
};

/// Reads sections, "key = value" and "key: value", comments (a line that begins with ; or #, and
/// what follows " ;"), and values that go on in indented lines. What is none of it is passed over.
std::vector<IniSection> parse_ini(std::string_view text);

}  // namespace bootsman
