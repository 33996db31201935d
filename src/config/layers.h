#pragma once

#include <string>
#include <vector>

#include "config/model.h"
#include "config/tree.h"

namespace bootsman {

struct Layers {
  Node root;                       ///< All texts merged into one table.
  std::vector<std::string> files;  ///< Names: the preset first, then the sources.
  bool complete = true;            ///< False when a text could not be read.
};

/// Reads the texts and lays them over each other: the preset that the first one `extends`
/// ("workspace" when it says nothing or when there is none), then the texts in their order. Tables
/// merge key by key; any other value, arrays and the checks `ready` and `health` are replaced
/// whole.
Layers combine(const std::vector<SourceText>& sources, Diagnostics& diagnostics);

}  // namespace bootsman
