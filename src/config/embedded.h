#pragma once

#include <span>
#include <string_view>

namespace bootsman {

/// A preset of config/ that the build compiled in.
struct EmbeddedPreset {
  std::string_view name;  ///< file name without ".toml", for instance "workspace"
  std::string_view text;  ///< the file's bytes, unchanged
};

/// All compiled-in presets in name order. The texts live as long as the process.
std::span<const EmbeddedPreset> embedded_presets();

/// The text of the preset called `name`. A preset that does not exist gives a view whose data() is
/// null; an empty preset gives one whose data() is not.
std::string_view embedded_preset(std::string_view name);

}  // namespace bootsman
