#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steps/facts.h"

namespace bootsman {

struct ConditionVerdict {
  bool holds = true;
  std::string why;  ///< Why not, in words for the log.
};

/// Whether any of `if_exists` is there and none of `if_not_exists`. A name with a slash is a path
/// of any kind of file; a bare name is a program in one of the folders of `path` ("/usr/bin:/bin").
ConditionVerdict judge_conditions(const FileView& files, const std::vector<std::string>& if_exists,
                                  const std::vector<std::string>& if_not_exists,
                                  std::string_view path);

}  // namespace bootsman
