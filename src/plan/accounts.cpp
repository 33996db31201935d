#include "plan/accounts.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace bootsman {
namespace {

/// -1 means "unchanged" to the kernel's set*id calls, so it is no id.
std::optional<std::uint32_t> parse_id(std::string_view text) {
  const std::optional<std::uint64_t> number = parse_number(text);
  if (!number || *number >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

struct Group {
  std::string_view name;
  std::uint32_t gid = 0;
  std::vector<std::string_view> members;
};

std::vector<Group> parse_groups(std::string_view text) {
  std::vector<Group> groups;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 4) continue;
    const std::optional<std::uint32_t> gid = parse_id(fields[2]);
    if (gid) groups.push_back({fields[0], *gid, split(trim(fields[3]), ',')});
  }
  return groups;
}

std::optional<Account> entry(std::string_view user, std::string_view passwd) {
  const std::optional<std::uint32_t> wanted = parse_id(user);
  for (const std::string_view line : split(passwd, '\n')) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() < 7) continue;
    const std::optional<std::uint32_t> uid = parse_id(fields[2]), gid = parse_id(fields[3]);
    if (!uid || !gid) continue;
    if (fields[0] != user && wanted != uid) continue;
    Account account;
    account.uid = *uid;
    account.gid = *gid;
    account.name = fields[0];
    account.home = fields[5];
    account.shell = trim(fields[6]);
    return account;
  }
  return std::nullopt;
}

Result<std::uint32_t> group_id(std::string_view name, const std::vector<Group>& groups) {
  const auto found = std::ranges::find(groups, name, &Group::name);
  if (found != groups.end()) return found->gid;
  if (const std::optional<std::uint32_t> gid = parse_id(name)) return *gid;
  return fail("cannot find the group \"" + printable(name, 60) + "\" in /etc/group");
}

}  // namespace

Result<std::uint32_t> find_group(std::string_view name, std::string_view group) {
  return group_id(name, parse_groups(group));
}

Result<Account> find_account(std::string_view user, std::string_view passwd,
                             std::string_view group) {
  const std::size_t colon = user.find(':');
  const std::string_view name = user.substr(0, colon);
  std::optional<Account> account = entry(name, passwd);
  if (!account) {
    const std::optional<std::uint32_t> uid = parse_id(name);
    if (!uid) return fail("cannot find the user \"" + printable(name, 60) + "\" in /etc/passwd");
    account.emplace();
    account->uid = *uid;
    account->gid = *uid;
  }
  const std::vector<Group> groups = parse_groups(group);
  if (colon != std::string_view::npos) {
    const Result<std::uint32_t> gid = group_id(user.substr(colon + 1), groups);
    if (!gid) return fail(gid.error());
    account->gid = *gid;
    account->groups = {*gid};
    return std::move(*account);
  }
  account->groups = {account->gid};
  for (const Group& one : groups) {
    const bool member = !account->name.empty() &&
                        std::ranges::find(one.members, account->name) != one.members.end();
    const bool known = std::ranges::find(account->groups, one.gid) != account->groups.end();
    if (member && !known) account->groups.push_back(one.gid);
  }
  return std::move(*account);
}

}  // namespace bootsman
