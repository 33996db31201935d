#include "cli/completion.h"

#include <cstdio>

#include "base/text.h"

namespace bootsman {
namespace {

/// The units that the running init knows, one a line; nothing where none runs. Only rows of units
/// begin with an id.
constexpr std::string_view kUnits =
    "bootsman status 2>/dev/null | while read -r unit rest; do\n"
    "    case $unit in *.*|job) echo \"$unit\" ;; esac\n"
    "  done";

bool takes_units(const CommandRow& row) {
  return row.words.find("UNIT") != std::string_view::npos;
}

std::string names() {
  std::string text;
  for (const CommandRow& row : commands())
    if (!row.hidden) text += (text.empty() ? "" : " ") + std::string(row.name);
  return text;
}

std::string options_of(const CommandRow& row) {
  std::string text = "--help";
  for (const OptionRow& option : row.options) {
    text += " " + std::string(option.name);
    if (!option.letter.empty()) text += " " + std::string(option.letter);
  }
  return text;
}

/// For a shell's single quotes.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string bash_script() {
  std::string text =
      "# bash completion of bootsman; in /etc/bash_completion.d or sourced.\n"
      "_bootsman_units() {\n  " +
      std::string(kUnits) +
      "\n}\n"
      "_bootsman() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} options='' units=''\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '" +
      names() +
      "' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const CommandRow& row : commands()) {
    if (row.hidden) continue;
    text += "    " + std::string(row.name) + ") options='" + options_of(row) + "'" +
            (takes_units(row) ? " units=yes" : "") + " ;;\n";
  }
  return text +
         "  esac\n"
         "  case $word in\n"
         "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
         "    *) if [ -n \"$units\" ]; then\n"
         "         COMPREPLY=($(compgen -W \"$(_bootsman_units)\" -- \"$word\"))\n"
         "       else\n"
         "         COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "       fi ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _bootsman bootsman\n";
}

std::string zsh_script() {
  std::string text =
      "#compdef bootsman\n"
      "# zsh completion of bootsman; a file _bootsman in a folder of $fpath.\n"
      "_bootsman_units() {\n  " +
      std::string(kUnits) +
      "\n}\n"
      "_bootsman() {\n"
      "  local -a commands options units\n"
      "  commands=(\n";
  for (const CommandRow& row : commands())
    if (!row.hidden)
      text += "    " + quoted(std::string(row.name) + ":" + std::string(row.doc)) + "\n";
  text +=
      "  )\n"
      "  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
      "  units=()\n"
      "  case $words[2] in\n";
  for (const CommandRow& row : commands()) {
    if (row.hidden) continue;
    text += "    " + std::string(row.name) + ") options=(" + options_of(row) + ")" +
            (takes_units(row) ? "; units=(${(f)\"$(_bootsman_units)\"})" : "") + " ;;\n";
  }
  return text +
         "  esac\n"
         "  if [[ $PREFIX == -* ]]; then compadd -- $options\n"
         "  elif (( $#units )); then compadd -- $units\n"
         "  else _files; fi\n"
         "}\n"
         // As a file of $fpath it is the body of its own first call.
         "if [[ $funcstack[1] == _bootsman ]]; then _bootsman \"$@\"\n"
         "else compdef _bootsman bootsman; fi\n";
}

std::string fish_script() {
  std::string text =
      "# fish completion of bootsman; ~/.config/fish/completions/bootsman.fish.\n"
      "function __bootsman_units\n"
      "    bootsman status 2>/dev/null | string match -r '^(?:\\S+\\.\\S+|job)(?= )'\n"
      "end\n"
      "complete -c bootsman -l help -d 'explain this command'\n";
  for (const CommandRow& row : commands()) {
    if (row.hidden) continue;
    const std::string name(row.name);
    const std::string within = "complete -c bootsman -n '__fish_seen_subcommand_from " + name + "'";
    text += "complete -c bootsman -n __fish_use_subcommand -f -a " + name + " -d " +
            quoted(row.doc) + "\n";
    for (const OptionRow& option : row.options) {
      const bool is_long = option.name.starts_with("--");
      text += within + (is_long ? " -l " : " -s ") +
              std::string(option.name.substr(is_long ? 2 : 1)) +
              (option.value.empty() ? "" : " -r") + " -d " + quoted(option.doc) + "\n";
    }
    if (takes_units(row)) text += within + " -f -a '(__bootsman_units)'\n";
  }
  return text;
}

}  // namespace

Result<std::string> completion_script(const std::string& shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return fail("cannot complete for \"" + printable(shell, 40) + "\": bash, zsh and fish are known");
}

int completion_command(const Invocation& asked) {
  constexpr int kUsage = 2;
  const auto script = completion_script(asked.words.front());
  if (!script) {
    std::fprintf(stderr, "%s\n", script.error().message().c_str());
    return kUsage;
  }
  (void)std::fwrite(script->data(), 1, script->size(), stdout);
  return 0;
}

}  // namespace bootsman
