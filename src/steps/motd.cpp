#include "steps/catalog.h"
#include "steps/env_text.h"
#include "steps/text_block.h"

// The step motd: the shell file and the line that sources it.

namespace bootsman {
namespace {

constexpr std::string_view kBlock = "motd";

/// The file that workspace images wrote before: it prints in every shell that sources it.
bool is_old_motd(std::string_view text) {
  return text.find("目录说明") != std::string_view::npos &&
         text.find("alias sudo=\"\"") != std::string_view::npos &&
         text.find("cfs_quota_us") != std::string_view::npos;
}

/// Guards itself, since .bashrc files source it without asking: what prints in a shell that is not
/// interactive breaks scp, sftp and rsync. A variable that is not exported makes it appear once in
/// each shell, however many files source it.
std::string motd_script(const StepFacts& facts, bool sudo_alias) {
  const std::string program = shell_quote(facts.image_path);
  std::string text = written_by("motd") + "case $- in\n*i*)\n";
  if (sudo_alias) text += "  alias sudo=\"\"\n";
  return text +
         "  if [ -z \"${__bootsman_motd-}\" ]; then\n"
         "    __bootsman_motd=shown\n"
         "    if [ -x " +
         program + " ]; then " + program +
         " motd; fi\n"
         "  fi\n"
         "  ;;\n"
         "esac\n";
}

}  // namespace

Result<StepWork> plan_motd(const Value& settings, const StepFacts& facts) {
  const std::string file = settings.get_string("file");
  StepWork work;
  auto text = read_if_there(facts, file);
  if (!text) return fail(std::move(text).error());
  auto owner = owner_of(facts, file);
  if (!owner) return fail(std::move(owner).error());
  if (*owner == Ownership::Foreign && !is_old_motd(text->value_or("")))
    work.notes.push_back("kept " + file + ", which is not ours");
  else
    work.changes.push_back(WriteFile{
        .path = file, .content = motd_script(facts, settings.get_bool("sudo_alias", true))});
  const std::string quoted = shell_quote(file);
  const std::string body = "case $- in *i*) [ ! -r " + quoted + " ] || . " + quoted + " ;; esac\n";
  bool hooked = false;
  for (const std::string path : {"/etc/bash.bashrc", "/etc/bashrc"}) {
    auto old = read_if_there(facts, path);
    if (!old) return fail(std::move(old).error());
    if (!*old) continue;
    hooked = true;
    work.changes.push_back(
        WriteFile{.path = path, .content = with_block(**old, kBlock, body, BlockPlace::End)});
  }
  if (!hooked && find_program(facts, "bash"))
    work.changes.push_back(WriteFile{.path = "/etc/bash.bashrc",
                                     .content = with_block("", kBlock, body, BlockPlace::End)});
  return work;
}

}  // namespace bootsman
