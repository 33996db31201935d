#include <algorithm>

#include "base/text.h"
#include "steps/catalog.h"
#include "steps/env_text.h"

// The step profile: what a login shell would have in its environment.

namespace bootsman {
namespace {

/// Of the shell that looked, not of the container.
bool shells_own(std::string_view name) {
  static constexpr std::string_view kNames[] = {"_",    "PWD",  "OLDPWD", "SHLVL",  "PS1",
                                                "PS2",  "PS4",  "IFS",    "OPTIND", "PPID",
                                                "TERM", "PATH", "HOME"};
  return std::ranges::find(kNames, name) != std::end(kNames) || name.starts_with("BASH") ||
         name == kBootMark;
}

void append_new(std::vector<std::string>& folders, std::string_view path) {
  for (const std::string_view folder : split(path, ':'))
    if (!folder.empty() && std::ranges::find(folders, folder) == folders.end())
      folders.emplace_back(folder);
}

struct Sourced {
  std::vector<EnvVar> env;
  std::string path;
};

Sourced read_env(std::string_view zero_separated, StepWork& work) {
  Sourced sourced;
  for (const std::string_view entry : split(zero_separated, '\0')) {
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name(entry.substr(0, equals));
    std::string value(entry.substr(equals + 1));
    if (name == "PATH") sourced.path = value;
    if (!is_env_name(name) || shells_own(name)) continue;
    if (!is_utf8(value))
      work.warnings.push_back("did not import " + name + ": its value is not UTF-8");
    else
      sourced.env.push_back({name, std::move(value)});
  }
  return sourced;
}

/// In the words of the log: what went wrong, with the shell's last words.
std::string why_failed(const std::string& file, const CommandOutput& output, Millis limit) {
  if (output.timed_out)
    return "cannot source " + file + ": it was not done after " + format_duration(limit);
  const std::string words = printable(trim(output.text));
  return "cannot source " + file + ": the shell " + describe(output.status) +
         (words.empty() ? "" : ": " + words);
}

}  // namespace

Result<StepWork> plan_profile(const Value& settings, const StepFacts& facts) {
  StepWork work;
  const std::string file = settings.get_string("file");
  const auto limit = parse_duration(settings.get_string("time_limit"));
  if (!limit) return fail(Error(limit.error()).within("time_limit"));
  std::vector<std::string> folders;
  append_new(folders, facts.env_or("PATH", ""));
  std::string failure;
  if (!file.empty() && facts.files->follow(file).kind == PathFact::Kind::File) {
    // bash where it is there: profiles of such images are written for it. What the file prints is
    // kept out of the list of variables.
    const auto bash = find_program(facts, "/bin/bash");
    CommandLine command;
    command.argv = {bash.value_or("/bin/sh"), "-c",
                    "{ . " + shell_quote(file) + "; } >&2; exec env -0"};
    command.timeout = *limit;
    command.env = {{std::string(kBootMark), "1"}};
    const auto output = facts.query(command);
    if (!output) return fail(Error(output.error()).within("cannot source " + file));
    if (output->timed_out || !output->status.success()) {
      failure = why_failed(file, *output, *limit);
    } else {
      Sourced sourced = read_env(output->out, work);
      append_new(folders, sourced.path);
      for (EnvVar& var : sourced.env)
        if (!facts.env.contains(var.name) && !facts.secrets.contains(var.name))
          work.env.push_back(std::move(var));
    }
  }
  for (const std::string& folder : settings.get_strings("append_path")) append_new(folders, folder);
  const std::string path = join(folders, ":");
  if (!path.empty() && path != facts.env_or("PATH", "")) work.env.push_back({"PATH", path});
  if (!failure.empty()) work.warnings.push_back(failure);
  return work;
}

}  // namespace bootsman
