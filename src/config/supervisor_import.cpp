#include "config/supervisor_import.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "config/tree.h"

// supervisord's configuration: https://supervisord.org/configuration.html, and what the Go port adds:
// https://github.com/ochinchina/supervisord

namespace bootsman {
namespace {

constexpr std::uint64_t kCopiesMax = 64;

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    if (c == '\n')
      quoted += "\\n";
    else if (c == '\t')
      quoted += "\\t";
    else
      quoted.push_back(c);
  }
  return quoted + "\"";
}

std::string toml_array(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + toml_string(item);
  return "[" + text + "]";
}

/// Splits as a shell does, quotes and backslashes taken away; supervisord starts no shell either.
std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote == 0 ? c : '\0';
      if (!word) word = "";
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word = word.value_or("") + text[++i];
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
    } else {
      word = word.value_or("") + c;
    }
  }
  if (word) words.push_back(*word);
  return words;
}

/// KEY="value",KEY2=value
std::vector<std::pair<std::string, std::string>> pairs_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::string item;
  char quote = 0;
  const auto finish = [&] {
    const std::string_view bare = trim(item);
    const auto at = bare.find('=');
    if (at != std::string_view::npos)
      pairs.emplace_back(trim(bare.substr(0, at)), trim(bare.substr(at + 1)));
    item.clear();
  };
  for (const char c : text) {
    if (quote != 0 ? c == quote : c == '"' || c == '\'')
      quote = quote == 0 ? c : '\0';
    else if (quote == 0 && (c == ',' || c == '\n'))
      finish();
    else
      item.push_back(c);
  }
  finish();
  return pairs;
}

std::string unit_name(std::string_view name) {
  std::string good;
  for (const char c : name.substr(0, 60)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || (c == '.' && !good.empty());
    good.push_back(fits ? c : '_');
  }
  if (good.starts_with('-')) good[0] = '_';
  return good.empty() || good == "job" ? good + "_" : good;
}

class SupervisorImport {
 public:
  explicit SupervisorImport(std::string folder) : folder_(std::move(folder)) {}

  ImportedConfig run(const std::vector<IniSection>& sections) {
    result_.toml =
        "# What supervisord did. Without the next line the preset \"workspace\" is there too.\n"
        "extends = \"empty\"\n";
    for (const IniSection& section : sections) {
      if (section.name == "supervisord") whole(section);
      if (section.name == "program-default") defaults_ = &section;
      if (section.name.starts_with("program:")) units_of_[section.name.substr(8)] = units(section);
    }
    for (const IniSection& section : sections) {
      if (section.name.starts_with("program:"))
        program(section);
      else
        other(section);
    }
    return std::move(result_);
  }

 private:
  void note(const std::string& text) {
    result_.toml += "# " + printable(text, 300) + "\n";
    result_.notes.push_back(printable(text, 300));
  }

  void other(const IniSection& section) {
    static constexpr std::string_view kNeedless[] = {"supervisord", "unix_http_server",
                                                     "supervisorctl", "include",
                                                     "program-default"};
    if (std::ranges::find(kNeedless, section.name) != std::end(kNeedless) ||
        section.name.starts_with("rpcinterface:"))
      return;
    result_.toml += "\n";
    const std::string* programs = section.find("programs");
    if (section.name.starts_with("group:"))
      note("[" + section.name + "]: there are no groups; its programs are services: " +
           (programs == nullptr ? "" : *programs));
    else
      note("[" + section.name + "] has no counterpart");
  }

  void whole(const IniSection& section) {
    for (const auto& [key, value] : section.keys) {
      if (key == "environment") env_ = pairs_of(value);
      if (key == "user" && value != "root")
        note("[supervisord] user = " + value + ": name the user in each service");
      if (key == "umask" || key == "directory")
        note("[supervisord] " + key + " = " + value +
             " has no counterpart: write it in each service");
      if (key == "minfds" || key == "minprocs")
        note("[supervisord] " + key + " = " + value + " has no counterpart: write limits." +
             (key == "minfds" ? "nofile" : "nproc") + " in the services that need it");
    }
  }

  using Names = std::map<std::string, std::string, std::less<>>;

  static std::string variable(std::string_view name, const Names& known) {
    if (name.starts_with("ENV_")) return "${" + std::string(name.substr(4)) + "}";
    const auto value = known.find(name);
    return value != known.end() ? value->second : std::string(name);
  }

  /// %(ENV_X)s is ${X}; a $ of the text itself is doubled.
  std::string expand(std::string_view text, const std::string& name, std::uint64_t number) const {
    const Names known = {{"here", folder_},
                         {"program_name", name},
                         {"group_name", name},
                         {"process_num", std::to_string(number)}};
    std::string result;
    while (!text.empty()) {
      const auto end = text.starts_with("%(") ? text.find(")") : std::string_view::npos;
      if (text.starts_with("%%")) {
        result += '%';
        text.remove_prefix(2);
      } else if (end != std::string_view::npos && end + 1 < text.size()) {
        result += variable(text.substr(2, end - 2), known);
        text.remove_prefix(end + 1);
        // The conversion: s, d, or 02d for a number of two digits.
        const auto letter = std::min(text.find_first_of("sd"), text.size());
        const auto width = parse_number(text.substr(0, letter)).value_or(0);
        const std::string number_text = std::to_string(number);
        if (text.starts_with('0') && width > number_text.size() && result.ends_with(number_text))
          result.insert(result.size() - number_text.size(),
                        std::string(std::min<std::uint64_t>(width, 9) - number_text.size(), '0'));
        text.remove_prefix(std::min(letter + 1, text.size()));
      } else {
        result += text[0] == '$' ? "$$" : std::string(1, text[0]);
        text.remove_prefix(1);
      }
    }
    return result;
  }

  struct Program {
    std::string unit;
    std::string restart = "on-failure";  // supervisord's default: unexpected
    std::string codes = {};
    std::string signal = {};
    std::string wait = {};
    bool group = false;
    std::vector<std::pair<std::string, std::string>> env = {};
  };

  /// The section's own key, else that of the defaults of all programs.
  const std::string* find(const IniSection& section, std::string_view key) const {
    const std::string* own = section.find(key);
    return own == nullptr && defaults_ != nullptr ? defaults_->find(key) : own;
  }

  /// The names of its services, which are several where `numprocs` says so.
  std::vector<std::string> units(const IniSection& section) const {
    const auto number_of = [&](std::string_view key, std::uint64_t otherwise) {
      const std::string* text = find(section, key);
      return text == nullptr ? otherwise : parse_number(*text).value_or(otherwise);
    };
    const std::uint64_t number = std::min(number_of("numprocs", 1), kCopiesMax);
    const std::uint64_t first = number_of("numprocs_start", 0);
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < number; ++i)
      names.push_back(unit_name(section.name.substr(8)) +
                      (number > 1 ? "-" + std::to_string(first + i) : ""));
    return names;
  }

  void program(const IniSection& section) {
    const std::string name = section.name.substr(8);
    const std::string* start = find(section, "numprocs_start");
    auto number = parse_number(start == nullptr ? "0" : *start).value_or(0);
    for (const std::string& unit : units(section)) copy(section, name, unit, number++);
  }

  void copy(const IniSection& section, const std::string& name, const std::string& unit,
            std::uint64_t number) {
    result_.toml += "\n[service." + toml_key(unit) + "]\n";
    Program own{unit};
    for (const auto& [key, raw] : section.keys) setting(own, key, expand(raw, name, number));
    if (defaults_ != nullptr)
      for (const auto& [key, raw] : defaults_->keys)
        if (section.find(key) == nullptr) setting(own, key, expand(raw, name, number));
    for (const auto& [key, value] : env_)
      if (std::ranges::find(own.env, key, &std::pair<std::string, std::string>::first) ==
          own.env.end())
        own.env.emplace_back(key, expand(value, name, number));
    finish(own);
  }

  /// Of the Go port: programs that are started before.
  void depends_on(const Program& own, const std::string& value) {
    std::vector<std::string> after;
    for (const std::string_view word : split(value, ',')) {
      const auto found = units_of_.find(trim(word));
      if (found == units_of_.end()) {
        note("[program:" + own.unit + "] depends_on = " + std::string(trim(word)) +
             ": there is no such program");
        continue;
      }
      for (const std::string& unit : found->second) after.push_back("service." + unit);
    }
    if (!after.empty()) line("after", toml_array(after));
  }

  void line(const std::string& key, const std::string& value) {
    result_.toml += key + " = " + value + "\n";
  }

  void setting(Program& own, const std::string& key, const std::string& value) {
    const bool yes = value == "true" || value == "1" || value == "yes" || value == "on";
    if (key == "command") return line("command", toml_array(shell_words(value)));
    if (key == "directory" || key == "user") return line(key, toml_string(value));
    if (key == "umask") return line("umask", toml_string(value));
    if (key == "autostart" && !yes) return line("enabled", "false");
    if (key == "redirect_stderr" && yes) return line("log.merge", "true");
    if (key == "startsecs" && value != "0") return line("settle", toml_string(value + "s"));
    if (key == "restartpause" && value != "0") return line("restart.delay", toml_string(value + "s"));
    if (key == "depends_on") return depends_on(own, value);
    if (key == "envfiles") {
      // One that is not there is passed over.
      std::vector<std::string> files;
      for (const std::string_view file : split(value, ','))
        if (const std::string path(trim(file)); !path.empty())
          files.push_back((path.starts_with('/') ? "-" : "-" + folder_ + "/") + path);
      return line("env_file", toml_array(files));
    }
    if (key == "environment") {
      own.env = pairs_of(value);
    } else if (key == "autorestart") {
      own.restart = value == "unexpected" ? "on-failure" : yes ? "always" : "never";
    } else if (key == "exitcodes") {
      own.codes = value;
    } else if (key == "stopsignal") {
      own.signal = value;
    } else if (key == "stopwaitsecs") {
      own.wait = value;
    } else if (key == "stopasgroup" || key == "killasgroup") {
      own.group = own.group || yes;
    } else if (!needless(key, value)) {
      note("[program:" + own.unit + "] " + key + " = " + value + " has no counterpart" + hint(key));
    }
  }

  static bool needless(const std::string& key, const std::string& value) {
    static constexpr std::string_view kKeys[] = {"process_name",
                                                 "numprocs",
                                                 "numprocs_start",
                                                 "autostart",
                                                 "startsecs",
                                                 "restartpause",
                                                 "redirect_stderr",
                                                 "stdout_logfile_maxbytes",
                                                 "stdout_logfile_backups",
                                                 "stderr_logfile_maxbytes",
                                                 "stderr_logfile_backups"};
    if (std::ranges::find(kKeys, key) != std::end(kKeys)) return true;
    static constexpr std::string_view kOutputs[] = {"/dev/stdout", "/dev/stderr", "/dev/fd/1",
                                                    "/dev/fd/2", "AUTO"};
    return (key == "stdout_logfile" || key == "stderr_logfile") &&
           std::ranges::find(kOutputs, value) != std::end(kOutputs);
  }

  static std::string hint(const std::string& key) {
    if (key.ends_with("_logfile")) return ": the lines go to the container's log";
    if (key == "priority") return ": name what it waits for in after = [\"service.x\"]";
    if (key.starts_with("restart_"))
      return ": after a change run `bootsman restart` or `bootsman signal`";
    if (key == "startretries") return ": restart.limit and restart.within say when to give up";
    return "";
  }

  /// Of the Go port, several: each has the time of `stopwaitsecs`.
  static std::string signals(const Program& own) {
    std::vector<std::string> rows;
    for (const std::string_view word : split(own.signal, ' '))
      if (!word.empty()) rows.push_back("SIG" + std::string(word));
    if (rows.size() == 1) return toml_string(rows[0]);
    for (std::size_t i = 0; i + 1 < rows.size(); ++i)
      rows[i] += " " + (own.wait.empty() ? "10" : own.wait) + "s";
    return toml_array(rows);
  }

  void finish(const Program& own) {
    line("restart.when", toml_string(own.restart));
    if (!own.codes.empty()) {
      std::string codes;
      for (const std::string_view code : split(own.codes, ','))
        if (parse_number(trim(code)))
          codes += (codes.empty() ? "" : ", ") + std::string(trim(code));
      line("success_codes", "[" + codes + "]");
    }
    // supervisord signals the process alone unless it is told otherwise.
    line("stop.kill", own.group ? "\"group\"" : "\"process\"");
    if (!own.signal.empty()) line("stop.signal", signals(own));
    const auto wait = parse_number(own.wait);
    const auto several = static_cast<std::uint64_t>(std::ranges::count(own.signal, ' ')) + 1;
    if (several > 1 && (wait || own.wait.empty()))
      line("stop.timeout", toml_string(std::to_string(wait.value_or(10) * several) + "s"));
    else if (!own.wait.empty())
      line("stop.timeout", toml_string(own.wait + "s"));
    if (own.env.empty()) return;
    std::string table;
    for (const auto& [name, value] : own.env)
      table += (table.empty() ? " " : ", ") + toml_key(name) + " = " + toml_string(value);
    line("env", "{" + table + " }");
  }

  std::string folder_;
  std::vector<std::pair<std::string, std::string>> env_;
  const IniSection* defaults_ = nullptr;  ///< Of all programs.
  std::map<std::string, std::vector<std::string>, std::less<>> units_of_;  ///< By program.
  ImportedConfig result_;
};

}  // namespace

ImportedConfig import_supervisor(const std::vector<IniSection>& sections,
                                 const std::string& folder) {
  return SupervisorImport(folder).run(sections);
}

}  // namespace bootsman
