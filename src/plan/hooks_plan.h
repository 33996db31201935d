#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/model.h"

namespace bootsman {

/// A server that gets events by POST.
struct WebHook {
  std::string url;  ///< Empty: none.
  std::string bearer;
  std::string ca_file;
  bool insecure = false;  ///< Plain http, or a certificate that nobody looks at.
  bool operator==(const WebHook&) const = default;
};

/// Who is told of events that people want to know of.
struct HooksPlan {
  static constexpr std::size_t kProgramsMax = 8;
  std::vector<std::string> programs;  ///< Absolute paths.
  WebHook web;
  bool operator==(const HooksPlan&) const = default;
};

HooksPlan plan_hooks(const Settings& settings, Diagnostics& diagnostics);

}  // namespace bootsman
