#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace bootsman {

/// A name that every shell takes: [A-Za-z_][A-Za-z0-9_]*.
bool is_env_name(std::string_view name);

bool is_utf8(std::string_view text);

/// In single quotes, so that a POSIX shell reads exactly these bytes.
std::string shell_quote(std::string_view text);

/// What of the container's environment an ssh session may have: no variable of the session itself
/// (HOME, USER, TERM …) or of the init, none of `exclude`, no name that a shell would refuse.
std::vector<EnvVar> publishable(const std::map<std::string, std::string>& env,
                                const std::vector<std::string>& exclude);

/// Set where the init itself sources profile files: what an earlier start of the container, or the
/// one that an image was saved from, published there must not come back as this one's environment.
inline constexpr std::string_view kBootMark = "BOOTSMAN_BOOT";

/// A shell file that sets them where they are not set already (so a client's LANG stays) and adds
/// the folders of PATH that are missing. May be sourced any number of times.
std::string env_script(const std::vector<EnvVar>& env);

/// One SetEnv line for sshd_config(5), with those variables whose value every sshd since 7.8 reads
/// back unchanged; empty when there is none. LANG and LC_* are left to the client.
std::string set_env_line(const std::vector<EnvVar>& env);

}  // namespace bootsman
