#include <algorithm>
#include <set>

#include "base/text.h"
#include "steps/accounts_text.h"
#include "steps/catalog.h"
#include "steps/jupyter_config.h"
#include "steps/sha256.h"
#include "steps/text_block.h"

// The step jupyter: user settings, server configuration, token.

namespace bootsman {
namespace {

constexpr std::string_view kBlock = "jupyter";

std::string json_quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

/// A settings file of JupyterLab, unless the user has one: the program itself rewrites it.
Result<void> want_setting(const StepFacts& facts, const std::string& path, std::string_view key,
                          const std::string& value, std::optional<FileOwner> user, StepWork& work) {
  if (value.empty()) return {};
  auto owner = owner_of(facts, path);
  if (!owner) return fail(std::move(owner).error());
  std::string content = "{" + json_quote(key) + ": " + json_quote(value) + "}\n";
  // The same bytes are ours: a start that was cut off wrote them, and could not record it.
  if (*owner == Ownership::Foreign && facts.files->read(path).value_or("") != content) return {};
  const auto slash = path.rfind('/');
  const std::string folder = path.substr(0, slash);
  if (facts.files->follow(folder).kind != PathFact::Kind::Directory)
    work.changes.push_back(MakeDirectory{.path = folder, .owner = user});
  WriteFile write{.path = path, .content = std::move(content)};
  write.owner = user;
  work.changes.push_back(std::move(write));
  return {};
}

/// The token for this container: given, else the one of an earlier run, else a new one.
Result<std::string> choose_token(const StepFacts& facts, const std::string& file) {
  auto given = find_secret(facts, "JUPYTER_TOKEN");
  if (!given) return fail(std::move(given).error());
  if (*given) {
    if ((*given)->find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
      return fail("cannot use JUPYTER_TOKEN: it holds a line break or a zero byte");
    return **given;
  }
  auto old = read_if_there(facts, file);
  if (!old) return fail(std::move(old).error());
  const std::string token(trim(old->value_or("")));
  // A file without a record is what a run wrote that was killed before it could note it. The record
  // of another container comes with a saved image, and its token is known to others.
  const bool usable = !facts.record || facts.same_container();
  if (usable && !token.empty()) return token;
  return to_hex(std::string_view(facts.random).substr(0, 24));
}

Result<void> want_config(const Value& settings, const StepFacts& facts,
                         const std::string& token_file, StepWork& work) {
  const std::string path = settings.get_string("config");
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  const auto slash = path.rfind('/');
  const std::string folder = path.substr(0, slash);
  if (slash != std::string::npos && slash > 0 &&
      facts.files->follow(folder).kind != PathFact::Kind::Directory)
    work.changes.push_back(MakeDirectory{folder});
  JupyterWants wants;
  wants.ip = settings.get_string("ip");
  wants.port = settings.get_int("port", 8888);
  wants.base_url = settings.get_string("base_url");
  wants.root_dir = settings.get_string("root_dir");
  wants.token_file = token_file;
  wants.password = settings.get_string("password");
  const std::string rest = without_block(text->value_or(""), kBlock);
  const std::string body = jupyter_lacking_keys(rest, wants);
  work.changes.push_back(WriteFile{
      .path = path, .content = with_block(text->value_or(""), kBlock, body, BlockPlace::End)});
  return {};
}

}  // namespace

Result<StepWork> plan_jupyter(const Value& settings, const StepFacts& facts) {
  StepWork work;
  std::optional<FileOwner> user;
  if (const std::string name = settings.get_string("user"); !name.empty() && facts.is_root) {
    auto account = account_of(facts, name);
    if (!account) return fail(std::move(account).error().within("user"));
    user = FileOwner{account->uid, account->gid};
  }
  const std::string folder = settings.get_string("settings_dir") + "/@jupyterlab/";
  const std::string name = "/plugin.jupyterlab-settings";
  auto theme = want_setting(facts, folder + "terminal-extension" + name, "theme",
                            settings.get_string("terminal_theme"), user, work);
  if (!theme) return fail(std::move(theme).error());
  auto locale = want_setting(facts, folder + "translation-extension" + name, "locale",
                             settings.get_string("locale"), user, work);
  if (!locale) return fail(std::move(locale).error());

  std::string token_file;
  auto config = read_if_there(facts, settings.get_string("config"));
  if (!config) return fail(std::move(config).error());
  const bool authors = jupyter_has_login(without_block(config->value_or(""), kBlock));
  const bool password = !settings.get_string("password").empty();
  if (settings.get_bool("token", true) && !authors && !password) {
    token_file = facts.state_folder + "/jupyter-token";
    auto token = choose_token(facts, token_file);
    if (!token) return fail(std::move(token).error());
    if (facts.files->follow(facts.state_folder).kind != PathFact::Kind::Directory)
      work.changes.push_back(MakeDirectory{facts.state_folder});
    WriteFile write{.path = token_file, .content = *token + "\n"};
    write.mode = 0600;
    write.owner = user;
    work.changes.push_back(std::move(write));
    work.notes.push_back("Jupyter's token is in " + token_file);
  }
  if (auto written = want_config(settings, facts, token_file, work); !written)
    return fail(std::move(written).error());
  if (facts.secrets.contains("JUPYTER_TOKEN")) work.wipe.push_back("JUPYTER_TOKEN");
  return work;
}

}  // namespace bootsman
