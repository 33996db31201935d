#include <algorithm>

#include "base/text.h"
#include "steps/catalog.h"
#include "steps/text_block.h"

// The step password: /etc/shadow, shadow(5), is edited here rather than by chpasswd(8), which small
// images lack.

namespace bootsman {
namespace {

constexpr std::string_view kShadow = "/etc/shadow";
constexpr std::string_view kPasswd = "/etc/passwd";
constexpr std::string_view kPublicDefault = "123456";

struct NewPassword {
  std::string user;
  std::string secret;
  std::string source;  ///< "ROOT_PASSWORD", "/sync/root-passwd line 2"; never the secret itself.
};

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (const std::string_view field : split(line, ':')) fields.emplace_back(field);
  return fields;
}

/// The lines of a colon-separated table, kept as they are except for the fields that are set.
class Table {
 public:
  explicit Table(std::string_view text) {
    for (const std::string_view line : lines_of(text)) lines_.emplace_back(line);
  }

  std::optional<std::string> field(const std::string& user, std::size_t index) const {
    for (const std::string& line : lines_) {
      const auto fields = fields_of(line);
      if (fields[0] == user && fields.size() > index) return fields[index];
    }
    return std::nullopt;
  }
  void set_field(const std::string& user, std::size_t index, const std::string& value) {
    for (std::string& line : lines_) {
      auto fields = fields_of(line);
      if (fields[0] != user) continue;
      if (fields.size() <= index) fields.resize(index + 1);
      fields[index] = value;
      line = join(fields, ":");
      return;
    }
  }
  void add(std::string line) { lines_.push_back(std::move(line)); }

  std::string text() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }

 private:
  std::vector<std::string> lines_;
};

/// "$6$" and 16 characters: SHA-512, which every libc since 2007 and musl know.
std::string new_setting(std::string_view random, std::size_t index) {
  static constexpr std::string_view kAlphabet =
      "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string setting = "$6$";
  for (std::size_t i = 0; i < 16; ++i) {
    const auto byte = static_cast<unsigned char>(random[(index * 16 + i) % random.size()]);
    // The index keeps salts apart when one run sets more passwords than there is randomness for.
    setting.push_back(kAlphabet[(byte + index / 4) % kAlphabet.size()]);
  }
  return setting;
}

bool verifies(const StepFacts& facts, std::string_view secret, const std::string& hash) {
  if (hash.empty() || hash[0] == '*' || hash[0] == '!' || hash == "x") return false;
  const auto again = facts.crypt(secret, hash);
  return again && *again == hash;
}

class PasswordWork {
 public:
  PasswordWork(const StepFacts& facts, std::string passwd, std::optional<std::string> shadow)
      : facts_(facts),
        passwd_(passwd),
        shadow_(shadow.value_or("")),
        has_shadow_(shadow.has_value()) {}

  bool knows(const std::string& user) const { return passwd_.field(user, 1).has_value(); }

  std::string hash_of(const std::string& user) const {
    const std::string in_passwd = passwd_.field(user, 1).value_or("");
    return in_passwd == "x" ? shadow_.field(user, 1).value_or("") : in_passwd;
  }

  void store(const std::string& user, const std::string& hash) {
    if (passwd_.field(user, 1).value_or("") != "x") {
      passwd_.set_field(user, 1, hash);
      passwd_changed_ = true;
      return;
    }
    const std::string day = std::to_string(facts_.today);
    if (!shadow_.field(user, 1)) shadow_.add(user + "::" + day + ":0:99999:7:::");
    shadow_.set_field(user, 1, hash);
    shadow_.set_field(user, 2, day);
    shadow_changed_ = true;
  }

  /// False: it is the user's password already.
  Result<bool> set(const NewPassword& wanted, bool hashed, std::size_t index) {
    const std::string old = hash_of(wanted.user);
    if (hashed) {
      if (old == wanted.secret) return false;
      store(wanted.user, wanted.secret);
      return true;
    }
    if (verifies(facts_, wanted.secret, old)) return false;
    auto hash = facts_.crypt(wanted.secret, new_setting(facts_.random, index));
    if (!hash) return fail(std::move(hash).error().within(wanted.source));
    store(wanted.user, *hash);
    return true;
  }

  void finish(StepWork& work) const {
    if (shadow_changed_) {
      WriteFile write{.path = std::string(kShadow), .content = shadow_.text()};
      if (!has_shadow_) write.mode = 0600;
      work.changes.push_back(std::move(write));
    }
    if (passwd_changed_)
      work.changes.push_back(WriteFile{.path = std::string(kPasswd), .content = passwd_.text()});
  }

 private:
  const StepFacts& facts_;
  Table passwd_;
  Table shadow_;
  bool has_shadow_ = false;
  bool passwd_changed_ = false;
  bool shadow_changed_ = false;
};

/// All lines or, when one is wrong, none: an error names the line, never what it holds.
Result<std::vector<NewPassword>> parse_lines(const std::string& file, std::string_view text,
                                             const PasswordWork& accounts, bool hashed) {
  std::vector<NewPassword> wanted;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    const std::string source = file + " line " + std::to_string(++number);
    if (trim(line).empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      return fail("cannot read " + source + ": write user:secret; no password was changed");
    NewPassword entry{std::string(trim(line.substr(0, colon))), std::string(line.substr(colon + 1)),
                      source};
    if (!accounts.knows(entry.user))
      return fail("cannot apply " + source + ": /etc/passwd has no user \"" +
                  printable(entry.user, 40) + "\"; no password was changed");
    if (entry.secret.empty() || entry.secret.find('\0') != std::string::npos)
      return fail("cannot apply " + source +
                  ": the secret is empty or holds a zero byte; no password was changed");
    if (hashed && entry.secret.find_first_of(": \t") != std::string::npos)
      return fail("cannot apply " + source + ": that is no crypt(5) hash; no password was changed");
    wanted.push_back(std::move(entry));
  }
  return wanted;
}

/// The salted hashes of what was applied last in this container, as the record's memo keeps them:
/// "env HASH" for ROOT_PASSWORD, "file HASH" for the account's line of the file.
struct Memo {
  std::string env;
  std::string file;
};

Memo read_memo(const StepFacts& facts) {
  Memo memo;
  if (!facts.same_container()) return memo;
  for (const std::string_view line : lines_of(facts.record->memo)) {
    if (line.starts_with("env ")) memo.env = line.substr(4);
    if (line.starts_with("file ")) memo.file = line.substr(5);
  }
  return memo;
}

std::string write_memo(const Memo& memo) {
  return (memo.env.empty() ? "" : "env " + memo.env + "\n") +
         (memo.file.empty() ? "" : "file " + memo.file + "\n");
}

/// ROOT_PASSWORD counts only when it differs from the one applied last in this container, so that a
/// user's own passwd(1) outlives a restart.
Result<std::vector<NewPassword>> from_environment(const StepFacts& facts,
                                                  const std::string& account,
                                                  const PasswordWork& accounts, Memo& memo) {
  std::vector<NewPassword> wanted;
  auto secret = find_secret(facts, "ROOT_PASSWORD");
  if (!secret) return fail(std::move(secret).error());
  if (!*secret || verifies(facts, **secret, memo.env)) return wanted;
  if ((*secret)->find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
    return fail("cannot use ROOT_PASSWORD: it holds a line break or a zero byte");
  if (!accounts.knows(account))
    return fail("cannot use ROOT_PASSWORD: /etc/passwd has no user \"" + account + "\"");
  wanted.push_back({account, **secret, "ROOT_PASSWORD"});
  return wanted;
}

void lock_public_default(const Value& settings, const StepFacts& facts, PasswordWork& accounts,
                         const Memo& memo, StepWork& work) {
  const std::string account = settings.get_string("account");
  if (settings.get_bool("allow_default_password", false)) return;
  // Somebody asked for exactly this one: it is theirs to choose.
  if (verifies(facts, kPublicDefault, memo.env) || verifies(facts, kPublicDefault, memo.file))
    return;
  if (!verifies(facts, kPublicDefault, accounts.hash_of(account))) return;
  // "*" and not "!": without PAM, sshd takes "!" as a locked account and refuses keys too.
  accounts.store(account, "*");
  work.warnings.push_back("locked the password of " + account +
                          ", which was the public default 123456: set ROOT_PASSWORD, put a line "
                          "\"" +
                          account + ":secret\" into " + settings.get_string("file") +
                          ", or allow_default_password = true");
}

}  // namespace

Result<StepWork> plan_password(const Value& settings, const StepFacts& facts) {
  const std::string file = settings.get_string("file");
  const bool hashed = settings.get_bool("hashed", false);
  auto passwd = facts.files->read(std::string(kPasswd));
  if (!passwd) return fail(std::move(passwd).error());
  auto shadow = read_if_there(facts, std::string(kShadow));
  if (!shadow) {
    if (!facts.is_root) return StepWork::skip("not root: passwords stay as they are");
    return fail(std::move(shadow).error());
  }
  auto text = read_if_there(facts, file);
  if (!text) return fail(std::move(text).error());
  PasswordWork accounts(facts, *passwd, *shadow);
  Memo memo = read_memo(facts);
  const std::string account = settings.get_string("account");
  auto wanted = from_environment(facts, account, accounts, memo);
  if (!wanted) return fail(std::move(wanted).error());
  auto from_file = parse_lines(file, text->value_or(""), accounts, hashed);
  if (!from_file) return fail(std::move(from_file).error());

  StepWork work;
  std::size_t index = 0;
  for (const NewPassword& entry : *wanted) {
    auto applied = accounts.set(entry, false, index++);
    if (!applied) return fail(std::move(applied).error());
    memo.env = accounts.hash_of(entry.user);
  }
  for (const NewPassword& entry : *from_file) {
    auto applied = accounts.set(entry, hashed, index++);
    if (!applied) return fail(std::move(applied).error());
    if (entry.user == account) memo.file = accounts.hash_of(entry.user);
  }
  lock_public_default(settings, facts, accounts, memo, work);
  accounts.finish(work);
  if (*text)
    work.changes.push_back(RemoveFile{
        file, "the password stays readable in " + file + ": mount it so that it can be removed"});
  if (facts.secrets.contains("ROOT_PASSWORD")) work.wipe.push_back("ROOT_PASSWORD");
  work.memo = write_memo(memo);
  return work;
}

}  // namespace bootsman
