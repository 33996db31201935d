#include "steps/env_text.h"

#include <algorithm>
#include <cstdint>

namespace bootsman {
namespace {

bool session_own(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "HOME",           "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD",   "SHLVL",         "_",
      "TERM",           "MAIL", "DISPLAY", "PS1",   "IFS", "HOSTNAME", "NOTIFY_SOCKET", "container",
      "AUTHORIZED_KEYS"};
  return std::ranges::find(kNames, name) != std::end(kNames) || name.starts_with("SSH_") ||
         name.starts_with("BOOTSMAN_") || name.starts_with("BASH");
}

bool is_language(std::string_view name) {
  return name == "LANG" || name == "LANGUAGE" || name.starts_with("LC_");
}

/// Bytes of the UTF-8 sequence that starts with this one; 0: none does.
std::size_t sequence_length(std::uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

/// Older versions know quotes but no escapes in them.
bool plain_in_quotes(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return static_cast<std::uint8_t>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
  });
}

}  // namespace

bool is_env_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(static_cast<std::uint8_t>(text[at]));
    if (length == 0 || at + length > text.size()) return false;
    for (std::size_t i = 1; i < length; ++i)
      if ((static_cast<std::uint8_t>(text[at + i]) & 0xc0) != 0x80) return false;
    at += length;
  }
  return true;
}

std::string shell_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted.push_back(c);
  }
  return quoted + "'";
}

std::vector<EnvVar> publishable(const std::map<std::string, std::string>& env,
                                const std::vector<std::string>& exclude) {
  std::vector<EnvVar> chosen;
  for (const auto& [name, value] : env) {
    const bool excluded = std::ranges::find(exclude, name) != exclude.end();
    const bool whole = value.find('\0') == std::string::npos && is_utf8(value);
    if (is_env_name(name) && !session_own(name) && !excluded && whole)
      chosen.push_back({name, value});
  }
  return chosen;
}

std::string env_script(const std::vector<EnvVar>& env) {
  std::string script = "[ -z \"${" + std::string(kBootMark) + "-}\" ] || return 0\n";
  for (const EnvVar& var : env) {
    if (var.name == "PATH") continue;
    script += "[ -n \"${" + var.name + "+x}\" ] || export " + var.name + "=" +
              shell_quote(var.value) + "\n";
  }
  for (const EnvVar& var : env) {
    if (var.name != "PATH") continue;
    // The container's folders come first, in their order; what the session had follows. A PATH that
    // already holds them stays, or each nested shell would undo an activated environment.
    const std::string quoted = shell_quote(var.value);
    script += "case \":$PATH:\" in\n  *:" + quoted + ":*) ;;\n  *) export PATH=" + quoted +
              "\"${PATH:+:$PATH}\" ;;\nesac\n";
  }
  return script;
}

std::string set_env_line(const std::vector<EnvVar>& env) {
  std::string line;
  for (const EnvVar& var : env)
    if (!is_language(var.name) && plain_in_quotes(var.value))
      line += " \"" + var.name + "=" + var.value + "\"";
  return line.empty() ? "" : "SetEnv" + line;
}

}  // namespace bootsman
