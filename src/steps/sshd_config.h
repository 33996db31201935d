#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "steps/facts.h"

namespace bootsman {

/// A keyword's first value outside any Match block: the one that sshd uses.
struct SshdSetting {
  std::string value;
  std::string file;
  std::size_t line = 0;
};

/// Reads sshd_config(5) with its Include files, as sshd does: keywords in any case (keys here are
/// lower case), the first value wins, a Match ends the global part of its file. Our own block does
/// not count. Include patterns are relative to `base` (/etc/ssh) and may hold "*" in the last part.
std::map<std::string, SshdSetting> read_sshd_config(const StepFacts& facts,
                                                    const std::string& path);

/// The text without the lines that the old boot script appended at each start: the run of exactly
/// "PermitRootLogin yes" or "PasswordAuthentication yes" at the very end of the file, where they
/// are without effect or widen the last Match.
std::string without_appended_lines(std::string_view text);

/// The name of the block that holds our settings.
inline constexpr std::string_view kSshBlock = "ssh";

/// The path or pattern of an Include line with one argument.
std::optional<std::string> included_by(std::string_view line);

}  // namespace bootsman
