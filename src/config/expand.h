#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bootsman {

/// What variables in the configuration may ask for. The answers come from outside, so that the
/// reader of a configuration does no I/O.
struct ConfigFacts {
  std::map<std::string, std::string, std::less<>> env;
  /// The file's content; the error says why not.
  std::function<Result<std::string>(const std::string& path)> read_file;
  /// The address of a network interface.
  std::function<Result<std::string>(const std::string& interface)> address_of;
  /// False for a check away from the container: then what has no value is a warning, and `if_env`
  /// counts as fulfilled.
  bool must_resolve = true;
};

struct Expansion {
  std::string text;
  bool unresolved = false;           ///< A value is missing; `text` has its place as it was.
  std::vector<std::string> errors;   ///< Wrong whatever the environment.
  std::vector<std::string> missing;  ///< What has no value, and why.
};

/// Replaces ${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:/path} and ${ip:interface} by their
/// values, and $$ by $. Any other $ stays. Values are not expanded again. NAME may come as
/// NAME_FILE, the path of a file with the value. The names in `secrets` are refused.
Expansion expand(std::string_view text, const ConfigFacts& facts,
                 const std::vector<std::string>& secrets);

/// The value of an environment variable, from NAME or from the file that NAME_FILE names (without
/// the line ends at its end). Nothing when neither is set.
Result<std::optional<std::string>> variable(std::string_view name, const ConfigFacts& facts);

}  // namespace bootsman
