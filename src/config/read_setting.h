#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/expand.h"
#include "config/keys.h"
#include "config/model.h"
#include "config/tree.h"

namespace bootsman {

/// What reading a value may lean on.
struct ReadContext {
  const ConfigFacts& facts;
  const std::vector<std::string>& secrets;
  Diagnostics& diagnostics;
  /// False in units that will not run: variables stay as they are, and what holds one is not
  /// looked at closely.
  bool expands = true;
};

/// Turns a value into the type that its key wants, variables expanded. What is wrong is reported
/// under `path` (the full one), and gives nothing.
std::optional<Setting> read_setting(const Node& node, const Key& key, const std::string& path,
                                    const ReadContext& context);

}  // namespace bootsman
