#include <algorithm>

#include "base/text.h"
#include "steps/accounts_text.h"
#include "steps/catalog.h"
#include "steps/public_keys.h"
#include "steps/sshd_config.h"
#include "steps/text_block.h"

// The step authorized_keys: one marked block in each user's file, what else is there stays.

namespace bootsman {
namespace {

constexpr std::string_view kBlock = "authorized_keys";
/// sshd with StrictModes refuses files that others may write.
constexpr std::uint32_t kOthersWrite = 0022;

struct WantedKeys {
  std::string body;
  bool known = false;  ///< False: a source did not answer, so keys of an earlier start stay.
};

Result<void> add_text(std::string_view text, std::string_view origin, PublicKeys& all,
                      StepWork& work) {
  auto keys = parse_public_keys(text, origin);
  if (!keys) return fail(std::move(keys).error());
  for (std::string& key : keys->lines)
    if (std::ranges::find(all.lines, key) == all.lines.end()) all.lines.push_back(std::move(key));
  for (std::string& wrong : keys->wrong) work.warnings.push_back(std::move(wrong));
  return {};
}

/// Of $AUTHORIZED_KEYS_FILE and the setting `file`.
Result<void> add_file(const StepFacts& facts, const std::string& path, PublicKeys& all,
                      StepWork& work) {
  if (path.empty()) return {};
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  if (*text) return add_text(**text, path, all, work);
  work.notes.push_back(path + " does not exist: no key comes from there");
  return {};
}

Result<bool> add_url(const Value& settings, const StepFacts& facts, PublicKeys& all,
                     StepWork& work) {
  const std::string url = settings.get_string("url");
  if (url.empty()) return true;
  WebFile file{.url = url, .sha256 = settings.get_string("sha256")};
  file.ca_file = settings.get_string("ca_file");
  auto limit = parse_duration(settings.get_string("time_limit"));
  if (!limit) return fail(std::move(limit).error().within("time_limit"));
  file.timeout = *limit;
  auto fetched = facts.fetch(file);
  if (!fetched) {
    work.warnings.push_back(fetched.error().message() + "; the keys of an earlier start stay");
    return false;
  }
  if (!fetched->stale.empty())
    work.warnings.push_back("the keys of an earlier start are used: " + fetched->stale);
  if (auto added = add_text(fetched->text, "what came from url", all, work); !added)
    return fail(std::move(added).error());
  return true;
}

Result<WantedKeys> wanted_keys(const Value& settings, const StepFacts& facts, StepWork& work) {
  PublicKeys all;
  for (const auto& [text, origin] :
       {std::pair{facts.env_or("AUTHORIZED_KEYS", ""), std::string("AUTHORIZED_KEYS")},
        std::pair{join(settings.get_strings("keys"), "\n"), std::string("keys")}})
    if (auto added = add_text(text, origin, all, work); !added)
      return fail(std::move(added).error());
  for (const std::string& path :
       {facts.env_or("AUTHORIZED_KEYS_FILE", ""), settings.get_string("file")})
    if (auto added = add_file(facts, path, all, work); !added)
      return fail(std::move(added).error());
  auto answered = add_url(settings, facts, all, work);
  if (!answered) return fail(std::move(answered).error());
  WantedKeys wanted;
  wanted.known = *answered;
  for (const std::string& key : all.lines) wanted.body += key + "\n";
  return wanted;
}

/// Where sshd looks, the first of AuthorizedKeysFile.
std::string keys_file(const StepFacts& facts, const Account& account, const std::string& config) {
  std::string pattern = ".ssh/authorized_keys";
  const auto settings = read_sshd_config(facts, config);
  const auto found = settings.find("authorizedkeysfile");
  if (found != settings.end()) pattern = found->second.value;
  pattern = pattern.substr(0, pattern.find_first_of(" \t"));
  std::string path;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char next = pattern[i] == '%' && i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (next == 'h')
      path += account.home;
    else if (next == 'u')
      path += account.name;
    else if (next == '%')
      path += '%';
    else
      path += pattern[i];
    if (next == 'h' || next == 'u' || next == '%') ++i;
  }
  return path.starts_with('/') ? path : account.home + "/" + path;
}

Result<void> want_for(const StepFacts& facts, const Account& account, const std::string& path,
                      const WantedKeys& wanted, StepWork& work) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const PathFact at_folder = facts.files->look(folder);
  const PathFact at_file = facts.files->look(path);
  // Only root's links are followed: others could make us write where they may not.
  const bool linked =
      at_folder.kind == PathFact::Kind::Symlink || at_file.kind == PathFact::Kind::Symlink;
  if (account.uid != 0 && linked)
    return fail("cannot write " + path + ": it is or lies behind a symbolic link of its user");
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  const std::string old = text->value_or("");
  const bool keep = !wanted.known && without_block(old, kBlock) != old;
  const std::string content = keep ? old : with_block(old, kBlock, wanted.body, BlockPlace::End);
  if (content == old && wanted.body.empty()) return {};
  const std::optional<FileOwner> owner =
      facts.is_root ? std::optional(FileOwner{account.uid, account.gid}) : std::nullopt;
  const bool below_home = folder.starts_with(account.home + "/");
  if (at_folder.kind == PathFact::Kind::Missing || (below_home && !linked)) {
    const bool there = at_folder.kind == PathFact::Kind::Directory;
    work.changes.push_back(MakeDirectory{folder, there ? at_folder.mode & ~kOthersWrite : 0700,
                                         below_home ? owner : std::nullopt});
  }
  WriteFile write{.path = path, .content = content};
  const bool there = facts.files->follow(path).kind == PathFact::Kind::File;
  write.mode = there ? facts.files->follow(path).mode & ~kOthersWrite : 0600;
  if (!linked) write.owner = owner;
  work.changes.push_back(std::move(write));
  const PathFact home = facts.files->follow(account.home);
  if ((home.mode & kOthersWrite) != 0)
    work.warnings.push_back("sshd will refuse the keys of " + account.name + ", since others may " +
                            "write into " + account.home + ": run chmod go-w on it");
  return {};
}

}  // namespace

Result<StepWork> plan_authorized_keys(const Value& settings, const StepFacts& facts) {
  StepWork work;
  auto wanted = wanted_keys(settings, facts, work);
  if (!wanted) return fail(std::move(wanted).error());
  for (const std::string& user : settings.get_strings("users")) {
    auto account = account_of(facts, user);
    if (!account) {
      if (wanted->body.empty()) continue;
      return fail(std::move(account).error().within("users"));
    }
    if (facts.files->follow(account->home).kind != PathFact::Kind::Directory) {
      if (!wanted->body.empty())
        work.warnings.push_back("cannot give " + user + " keys: the home " + account->home +
                                " does not exist");
      continue;
    }
    const std::string path = keys_file(facts, *account, settings.get_string("config"));
    if (auto done = want_for(facts, *account, path, *wanted, work); !done)
      return fail(std::move(done).error());
  }
  if (wanted->body.empty() && work.changes.empty() && work.warnings.empty())
    return StepWork::skip_unused("no keys are given");
  return work;
}

}  // namespace bootsman
