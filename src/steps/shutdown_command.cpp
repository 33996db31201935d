#include "steps/catalog.h"
#include "steps/env_text.h"

// The step shutdown-command.

namespace bootsman {
namespace {

std::string script(const std::string& trash) {
  std::string text =
      "#!/bin/sh\n" + written_by("shutdown-command") +
      "# Stops this container, whatever the usual arguments (-h now, -r now, -P +0) ask for.\n"
      "case \"${1-}\" in\n"
      "  --help) echo 'usage: shutdown [-h|-r|-P] [now]   stops this container'; exit 0 ;;\n"
      "  -c) exit 0 ;;\n"
      "esac\n";
  if (!trash.empty()) text += "rm -rf -- " + shell_quote(trash) + "\n";
  return text + "exec kill -TERM 1\n";
}

/// The script that workspace images had: no first line, and it looks for "supervisord".
bool is_old_script(std::string_view text) {
  return text.find("grep supervisord") != std::string_view::npos &&
         text.find("xargs kill") != std::string_view::npos;
}

bool leads_to_systemctl(const PathFact& fact) {
  return fact.kind == PathFact::Kind::Symlink && fact.link.ends_with("systemctl");
}

/// Takes away what would be found before ours in PATH and can't work without systemd.
Result<void> clear_sbin(const StepFacts& facts, const std::string& file, StepWork& work) {
  // With a merged /usr both names are one file, and the second is gone with the first.
  for (const std::string path : {"/usr/sbin/shutdown", "/sbin/shutdown"}) {
    const PathFact fact = facts.files->look(path);
    if (path == file || fact.kind == PathFact::Kind::Missing) continue;
    bool removable = leads_to_systemctl(fact);
    if (fact.kind == PathFact::Kind::File) {
      auto text = read_if_there(facts, path);
      removable = text && *text && is_old_script(**text);
    }
    if (removable)
      work.changes.push_back(RemoveFile{path, "kept " + path});
    else
      work.warnings.push_back("kept " + path +
                              ", a program of its own, which may be found before " + file);
  }
  return {};
}

}  // namespace

Result<StepWork> plan_shutdown_command(const Value& settings, const StepFacts& facts) {
  if (!facts.init_is_pid_1)
    return StepWork::skip("the init is not PID 1 here, so the command would not find it");
  const std::string file = settings.get_string("file");
  StepWork work;
  if (auto cleared = clear_sbin(facts, file, work); !cleared)
    return fail(std::move(cleared).error());
  const PathFact there = facts.files->look(file);
  if (there.kind == PathFact::Kind::Symlink && !leads_to_systemctl(there)) {
    work.notes.push_back("kept " + file + ", which is not ours");
    return work;
  }
  if (there.kind == PathFact::Kind::File) {
    auto text = read_if_there(facts, file);
    if (!text) return fail(std::move(text).error());
    auto owner = owner_of(facts, file);
    if (!owner) return fail(std::move(owner).error());
    if (*owner == Ownership::Foreign && !is_old_script(text->value_or(""))) {
      work.notes.push_back("kept " + file + ", which is not ours");
      return work;
    }
  }
  WriteFile write{.path = file, .content = script(settings.get_string("trash"))};
  write.mode = 0755;
  write.follow = false;
  work.changes.push_back(std::move(write));
  return work;
}

}  // namespace bootsman
