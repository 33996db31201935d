# Usage: cmake -DOUTPUT=FILE.cpp "-DPRESETS=a.toml;b.toml" -P write_embedded_presets.cmake
# Writes the C++ file that holds each preset's text under its file name without ".toml".
set(rows "")
set(count 0)
foreach(preset IN LISTS PRESETS)
  get_filename_component(name "${preset}" NAME_WE)
  file(READ "${preset}" text)
  string(APPEND rows "    {\"${name}\", R\"BOOTSMAN_PRESET(${text})BOOTSMAN_PRESET\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "// Generated from config/*.toml: change those files instead.
#include \"config/embedded.h\"

#include <array>

namespace bootsman {
namespace {

constexpr std::array<EmbeddedPreset, ${count}> kPresets{{
${rows}}};

}  // namespace

std::span<const EmbeddedPreset> embedded_presets() { return kPresets; }

std::string_view embedded_preset(std::string_view name) {
  for (const EmbeddedPreset& preset : embedded_presets()) {
    if (preset.name == name) return preset.text;
  }
  return {};
}

}  // namespace bootsman
")
