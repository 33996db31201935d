#include <algorithm>

#include "base/letter_case.h"
#include "base/text.h"
#include "steps/catalog.h"
#include "steps/env_text.h"
#include "steps/sha256.h"
#include "steps/sshd_config.h"
#include "steps/text_block.h"

// The step ssh: folder, host keys, settings, environment of sessions.

namespace bootsman {
namespace {

constexpr std::string_view kEnvScript = "/etc/profile.d/bootsman-env.sh";
constexpr std::string_view kEnvBlock = "environment";

/// How the name of a key begins while it is made.
constexpr std::string_view kFreshKey = ".bootsman_new_";

/// Sorts before what distributions and images put there: the first value wins.
constexpr const char* kDropIn = "00-bootsman.conf";

struct Wanted {
  std::string keyword;
  std::string value;
};

/// A value that a distribution ships, not an image's author. Cloud images bring theirs in files of
/// well-known names.
bool from_distribution(const std::string& keyword, const SshdSetting& setting) {
  if (keyword == "PermitRootLogin")
    return setting.value == "prohibit-password" || setting.value == "without-password" ||
           setting.value == "yes";
  return setting.value == "yes" || setting.file.ends_with("/50-cloud-init.conf") ||
         setting.file.ends_with("/60-cloudimg-settings.conf");
}

/// What goes into our block, and what the image keeps.
std::vector<Wanted> settle(const Value& settings, const StepFacts& facts, StepWork& work) {
  const auto current = read_sshd_config(facts, settings.get_string("config"));
  const std::vector<Wanted> asked = {
      {"PermitRootLogin", settings.get_string("permit_root_login")},
      {"PasswordAuthentication",
       settings.get_bool("password_authentication", true) ? "yes" : "no"}};
  std::vector<Wanted> chosen;
  for (const Wanted& wanted : asked) {
    if (wanted.value.empty()) continue;
    const auto found = current.find(lower(wanted.keyword));
    const bool keep = found != current.end() && found->second.value != wanted.value &&
                      !from_distribution(wanted.keyword, found->second) &&
                      !settings.get_bool("override", false);
    if (!keep) {
      chosen.push_back(wanted);
      continue;
    }
    work.notes.push_back("kept \"" + wanted.keyword + " " + found->second.value + "\" of " +
                         found->second.file + " line " + std::to_string(found->second.line) +
                         "; override = true sets \"" + wanted.value + "\"");
  }
  const std::string folder = settings.get_string("host_keys_dir");
  if (!folder.empty() && folder != "/etc/ssh")
    for (const std::string& type : settings.get_strings("host_key_types"))
      chosen.push_back({"HostKey", folder + "/ssh_host_" + type + "_key"});
  return chosen;
}

/// Types of key that sshd will look for: those asked for, and those that the image has.
std::vector<std::string> key_types(const Value& settings, const StepFacts& facts,
                                   const std::string& folder) {
  std::vector<std::string> types = settings.get_strings("host_key_types");
  for (const std::string type : {"ed25519", "ecdsa", "rsa", "dsa"}) {
    const bool there =
        facts.files->follow(folder + "/ssh_host_" + type + "_key").kind == PathFact::Kind::File;
    if (there && std::ranges::find(types, type) == types.end()) types.push_back(type);
  }
  return types;
}

/// Keys that an earlier run made for this very container stay. On a volume of their own they belong
/// to the volume.
bool key_stays(const Value& settings, const StepFacts& facts, const std::string& folder,
               const std::string& key) {
  if (facts.files->follow(key).kind != PathFact::Kind::File) return false;
  if (settings.get_string("host_keys") == "keep" || folder != "/etc/ssh") return true;
  if (!facts.same_container()) return false;
  const auto recorded = facts.recorded(key);
  return recorded && hash_target(*facts.files, key) == recorded;
}

Result<void> want_host_keys(const Value& settings, const StepFacts& facts, StepWork& work) {
  std::string folder = settings.get_string("host_keys_dir");
  if (folder.empty()) folder = "/etc/ssh";
  if (!folder.starts_with('/')) return fail("cannot use host_keys_dir: write the whole path");
  const auto keygen = find_program(facts, "ssh-keygen");
  for (const std::string& name : facts.files->list(folder))
    if (name.starts_with(kFreshKey))
      work.changes.push_back(RemoveFile{folder + "/" + name, "a key of an earlier run stays"});
  bool folder_made = facts.files->follow(folder).kind == PathFact::Kind::Directory;
  for (const std::string& type : key_types(settings, facts, folder)) {
    const std::string key = folder + "/ssh_host_" + type + "_key";
    if (key_stays(settings, facts, folder, key)) {
      work.keeps.push_back(key);
      work.keeps.push_back(key + ".pub");
      continue;
    }
    if (!keygen) return fail("cannot make host keys: ssh-keygen is not in PATH");
    if (!folder_made) work.changes.push_back(MakeDirectory{folder, 0700});
    folder_made = true;
    // A name of its own for each run: the ssh-keygen of a run that was killed may still be at work.
    const std::string fresh = folder + "/" + std::string(kFreshKey) + type + "_" +
                              to_hex(std::string_view(facts.random).substr(0, 6));
    work.changes.push_back(
        RunCommand{{.argv = {*keygen, "-q", "-t", type, "-N", "", "-C", "", "-f", fresh},
                    .input = "",
                    .timeout = Millis(30'000)},
                   "make the host key " + key});
    work.changes.push_back(RenameFile{fresh + ".pub", key + ".pub"});
    work.changes.push_back(RenameFile{fresh, key});
    work.keeps.push_back(key);
  }
  return {};
}

/// The configuration's drop-in folder, where our file in it would be what sshd reads first; empty
/// where there is none, or another file comes before.
std::string drop_in_folder(const StepFacts& facts, std::string_view config) {
  for (const std::string_view whole : lines_of(config)) {
    const std::string_view line = trim(whole);
    if (line.empty() || line.starts_with('#')) continue;
    const auto pattern = included_by(line);
    if (!pattern || !pattern->ends_with("/*.conf")) return "";
    const std::string folder = pattern->substr(0, pattern->size() - 7);
    if (facts.files->follow(folder).kind != PathFact::Kind::Directory) return "";
    for (const std::string& name : facts.files->list(folder))
      if (name.ends_with(".conf") && !name.starts_with('.') && name < kDropIn) return "";
    return folder;
  }
  return "";
}

/// Writes the settings where they count: into a file of our own in the drop-in folder that is
/// included first, else into a block at the top. The first candidate has the environment, the
/// second is for an sshd before 7.8, which refuses SetEnv.
Result<void> want_config(const Value& settings, const StepFacts& facts, const std::string& sshd,
                         const std::string& set_env, StepWork& work) {
  const std::string path = settings.get_string("config");
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  if (!*text) return fail("cannot set up sshd: " + path + " does not exist");
  const std::string appended = without_appended_lines(**text);
  const std::string rest = without_block(appended, kSshBlock);
  Verification verify{{.argv = {sshd, "-T", "-f", "{}"}, .input = "", .timeout = Millis(10'000)}};
  std::string body;
  for (const Wanted& wanted : settle(settings, facts, work)) {
    body += wanted.keyword + " " + wanted.value + "\n";
    std::string shown = wanted.value;
    // sshd -T says it in its old words.
    if (shown == "prohibit-password") shown = "without-password";
    verify.expect.push_back(lower(wanted.keyword) + " " + shown);
  }
  WriteFile whole{.path = path, .content = rest};
  whole.verify = verify;
  const std::string folder = drop_in_folder(facts, rest);
  WriteFile ours = whole;
  std::string around = appended;
  if (!folder.empty()) {
    ours.path = folder + "/" + kDropIn;
    around = facts.files->read(ours.path).value_or("");
    ours.verify->context = rest;
  }
  const auto candidate = [&](const std::string& with_env) {
    return with_block(around, kSshBlock, with_env + body, BlockPlace::Top);
  };
  ours.content = candidate(set_env.empty() ? "" : set_env + "\n");
  if (!set_env.empty()) ours.fallbacks.push_back(candidate(""));
  if (!ours.content.empty() || !around.empty()) work.changes.push_back(std::move(ours));
  // What we put there before there was such a folder. sshd itself now says whether it reads it.
  if (!folder.empty() && rest != **text) work.changes.push_back(std::move(whole));
  return {};
}

/// Login shells read profile.d; bash that sshd starts for a command reads bash.bashrc on Debian.
Result<void> want_env_script(const StepFacts& facts, const std::vector<EnvVar>& env,
                             StepWork& work) {
  if (facts.files->follow("/etc/profile.d").kind != PathFact::Kind::Directory)
    work.changes.push_back(MakeDirectory{"/etc/profile.d"});
  WriteFile script{.path = std::string(kEnvScript)};
  script.content =
      "# Written by bootsman (step ssh) at each start: the container's environment.\n" +
      env_script(env);
  work.changes.push_back(std::move(script));
  const std::string body =
      "[ ! -r " + std::string(kEnvScript) + " ] || . " + std::string(kEnvScript) + "\n";
  bool hooked = false;
  const auto hook = [&](const std::string& path, std::string_view text) {
    hooked = true;
    work.changes.push_back(
        WriteFile{.path = path, .content = with_block(text, kEnvBlock, body, BlockPlace::Top)});
  };
  for (const std::string path : {"/etc/bash.bashrc", "/etc/bashrc"}) {
    auto text = read_if_there(facts, path);
    if (!text) return fail(std::move(text).error());
    if (*text) hook(path, **text);
  }
  // The step motd makes this file, too: the second start must find nothing new to do.
  if (!hooked && find_program(facts, "bash")) hook("/etc/bash.bashrc", "");
  return {};
}

}  // namespace

Result<StepWork> plan_ssh(const Value& settings, const StepFacts& facts) {
  auto sshd = find_program(facts, "/usr/sbin/sshd");
  if (!sshd) sshd = find_program(facts, "sshd");
  if (!sshd) return StepWork::skip("sshd is not installed");
  StepWork work;
  if (facts.files->follow("/run/sshd").kind != PathFact::Kind::Directory)
    work.changes.push_back(MakeDirectory{"/run/sshd"});
  if (auto keys = want_host_keys(settings, facts, work); !keys)
    return fail(std::move(keys).error());
  std::string set_env;
  if (settings.get_bool("publish_env", true)) {
    const auto env = publishable(facts.env, settings.get_strings("env_exclude"));
    // Only the first SetEnv of a configuration counts, so ours would take the author's away.
    const auto current = read_sshd_config(facts, settings.get_string("config"));
    if (!current.contains("setenv")) set_env = set_env_line(env);
    if (auto script = want_env_script(facts, env, work); !script)
      return fail(std::move(script).error());
  }
  if (auto config = want_config(settings, facts, *sshd, set_env, work); !config)
    return fail(std::move(config).error());
  return work;
}

}  // namespace bootsman
