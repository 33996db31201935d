#pragma once

#include <string>
#include <vector>

#include "config/ini.h"

namespace bootsman {

struct ImportedConfig {
  std::string toml;                ///< What has no counterpart stands in it as comments.
  std::vector<std::string> notes;  ///< The same for people: one sentence each.
};

/// The configuration that does what supervisord did with these sections. `folder` is that of the
/// file, which "%(here)s" means.
ImportedConfig import_supervisor(const std::vector<IniSection>& sections,
                                 const std::string& folder);

}  // namespace bootsman
