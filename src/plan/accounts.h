#pragma once

#include <string_view>

#include "base/result.h"
#include "plan/plan.h"

namespace bootsman {

/// Looks up "NAME", "UID", "NAME:GROUP" or "UID:GID" in the texts of /etc/passwd and /etc/group
/// (passwd(5), group(5)), without the C library's plugins. A number that has no entry is taken as
/// it is, its group being the same number; a name must have one. Supplementary groups are those
/// that list the account's name; with a named GROUP that one alone counts. Lines that are not well
/// formed are passed over.
Result<Account> find_account(std::string_view user, std::string_view passwd,
                             std::string_view group);

/// The number of the group "NAME" or "GID".
Result<std::uint32_t> find_group(std::string_view name, std::string_view group);

}  // namespace bootsman
