#pragma once

#include <string>

#include "steps/facts.h"

namespace bootsman {

/// An account of /etc/passwd, by name or number.
Result<Account> account_of(const StepFacts& facts, const std::string& user);

/// Whose home `path` lies in: the account with the longest home that holds it, except "/" and what
/// no person has as a home (/nonexistent, /dev, /proc, /run, /var, /usr, /bin, /sbin).
std::optional<Account> home_owner(const StepFacts& facts, const std::string& path);

}  // namespace bootsman
