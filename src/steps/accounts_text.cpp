#include "steps/accounts_text.h"

#include "base/text.h"
#include "plan/accounts.h"
#include "steps/text_block.h"

namespace bootsman {
namespace {

bool is_system_folder(std::string_view home) {
  static constexpr std::string_view kFolders[] = {"/nonexistent", "/dev", "/proc", "/run",
                                                  "/var",         "/usr", "/bin",  "/sbin"};
  for (const std::string_view folder : kFolders)
    if (home == folder || (home.starts_with(folder) && home[folder.size()] == '/')) return true;
  return home.size() < 2 || !home.starts_with('/');
}

}  // namespace

Result<Account> account_of(const StepFacts& facts, const std::string& user) {
  auto passwd = facts.files->read("/etc/passwd");
  if (!passwd) return fail(std::move(passwd).error());
  return find_account(user, *passwd, facts.files->read("/etc/group").value_or(""));
}

std::optional<Account> home_owner(const StepFacts& facts, const std::string& path) {
  const std::string passwd = facts.files->read("/etc/passwd").value_or("");
  std::string name;
  std::size_t longest = 0;
  for (const std::string_view line : lines_of(passwd)) {
    const auto fields = split(line, ':');
    if (fields.size() < 7) continue;
    std::string_view home = fields[5];
    while (home.size() > 1 && home.ends_with('/')) home.remove_suffix(1);
    const bool holds = path.starts_with(home) && path.size() > home.size() &&
                       path[home.size()] == '/' && !is_system_folder(home);
    if (!holds || home.size() <= longest) continue;
    longest = home.size();
    name = fields[0];
  }
  if (longest == 0) return std::nullopt;
  auto account = find_account(name, passwd, "");
  return account ? std::optional(std::move(*account)) : std::nullopt;
}

}  // namespace bootsman
