#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bootsman {

/// What `bootsman help KEY` says: the rows of the key table that `key` names, ready for a terminal.
/// Takes "restart.delay", "service.sshd.restart.delay", "restart" (all below it), "http.listen",
/// "motd" or "step.motd" (a built-in step) and "motd.file" (one of its settings). Nothing when
/// there is no such key.
std::optional<std::string> explain_key(std::string_view key);

/// The page docs/config.md, from the same rows.
std::string reference_page();

}  // namespace bootsman
