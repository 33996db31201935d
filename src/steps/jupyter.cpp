#include "base/text.h"
#include "steps/accounts_text.h"
#include "steps/catalog.h"
#include "steps/jupyter_config.h"
#include "steps/jupyter_settings.h"
#include "steps/sha256.h"
#include "steps/text_block.h"

// The step jupyter: user settings, server configuration, token.

namespace bootsman {
namespace {

constexpr std::string_view kBlock = "jupyter";

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
  std::optional<Account> user;
  if (const std::string name = settings.get_string("user"); !name.empty() && facts.is_root) {
    auto account = account_of(facts, name);
    if (!account) return fail(std::move(account).error().within("user"));
    user = std::move(*account);
  }
  if (auto done = want_lab_settings(settings, facts, user, work); !done)
    return fail(std::move(done).error());

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
    if (user) write.owner = FileOwner{user->uid, user->gid};
    work.changes.push_back(std::move(write));
    work.notes.push_back("Jupyter's token is in " + token_file);
  }
  if (auto written = want_config(settings, facts, token_file, work); !written)
    return fail(std::move(written).error());
  if (facts.secrets.contains("JUPYTER_TOKEN")) work.wipe.push_back("JUPYTER_TOKEN");
  return work;
}

}  // namespace bootsman
