#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "steps/facts.h"

namespace bootsman {

/// The paths that a target stands for. "{python}", which only stands at its beginning, is each
/// folder of modules (site-packages, dist-packages) of the Python installations that PATH and the
/// usual places show; "*", "?" and "[…]" match within one part of the path. A path without these is
/// itself, there or not. Of a pattern all parts but the last must exist, and the last too where it
/// has a wildcard. Sorted. Fails for a path that is not absolute or has "." or ".." in it.
Result<std::vector<std::string>> expand_target(const StepFacts& facts, const std::string& target);

}  // namespace bootsman
