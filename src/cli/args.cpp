#include "cli/args.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace bootsman {

namespace {

/// `, did you mean "X"?`, or nothing.
std::string hint(std::string_view word, const std::vector<std::string_view>& known) {
  const auto near = nearest(word, known);
  return near ? ", did you mean \"" + std::string(*near) + "\"?" : "";
}

std::string quoted(std::string_view word) {
  return "\"" + printable(word) + "\"";
}

std::vector<std::string_view> visible_names() {
  std::vector<std::string_view> names;
  for (const auto& row : commands()) {
    if (!row.hidden) names.push_back(row.name);
  }
  return names;
}

tl::unexpected<Error> unknown_command(std::string_view word, bool is_pid_1) {
  auto text = quoted(word) + " is no command" + hint(word, visible_names());
  if (is_pid_1) text += "; to run it in this container: bootsman run -- " + printable(word) + " …";
  return fail(text);
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word.starts_with('-');
}

/// Reads the words after a command's name.
class CommandReader {
 public:
  CommandReader(const CommandRow& row, std::span<const std::string> words)
      : row_(row), words_(words) {
    read_.command = &row;
  }

  Result<Invocation> read() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (only_words_ || !is_option(word)) {
        read_.words.push_back(word);
        only_words_ = only_words_ || row_.takes_command;
      } else if (word == "--") {
        only_words_ = true;
        read_.words_before_dashes = read_.words.size();
      } else if (word == "--help" || word == "-h") {
        read_.help = true;
        return read_;
      } else if (auto fault = option(word)) {
        return fail(std::move(*fault));
      }
    }
    return count();
  }

 private:
  /// Why the option can't be taken, or nothing.
  std::optional<Error> option(std::string_view word) {
    const auto name = word.substr(0, word.find('='));
    const auto found = std::ranges::find_if(row_.options, [&](const OptionRow& row) {
      return row.name == name || (!row.letter.empty() && row.letter == name);
    });
    if (found == row_.options.end() && takes_rest(word)) return std::nullopt;
    if (found == row_.options.end()) {
      std::vector<std::string_view> known;
      for (const auto& option : row_.options) known.push_back(option.name);
      return error("has no option " + quoted(name) + hint(name, known));
    }
    const bool has_value = name.size() < word.size();
    if (found->value.empty() && has_value) {
      return error("takes no value for " + std::string(name));
    }
    if (!found->value.empty() && !has_value && at_ == words_.size()) {
      return error("needs " + std::string(found->value) + " after " + std::string(name));
    }
    std::string value;
    if (has_value) {
      value = word.substr(name.size() + 1);
    } else if (!found->value.empty()) {
      value = words_[at_++];
    }
    read_.options.emplace_back(found->name, std::move(value));
    return std::nullopt;
  }

  /// A value right behind a letter, as in -n3.
  bool takes_rest(std::string_view word) {
    constexpr std::size_t kLetter = 2;
    const auto letter = word.substr(0, kLetter);
    if (word.size() == kLetter || letter == "--") return false;
    const auto found = std::ranges::find_if(row_.options, [&](const OptionRow& row) {
      return !row.value.empty() && (row.name == letter || row.letter == letter);
    });
    if (found == row_.options.end()) return false;
    read_.options.emplace_back(found->name, word.substr(kLetter));
    return true;
  }

  Result<Invocation> count() {
    if (read_.words.size() < row_.words_min) {
      return fail(error("needs " + std::string(row_.words)));
    }
    if (read_.words.size() > row_.words_max) {
      return fail(error("can't take " + quoted(read_.words[row_.words_max])));
    }
    return std::move(read_);
  }

  Error error(const std::string& what) const {
    return Error("bootsman " + std::string(row_.name) + " " + what);
  }

  const CommandRow& row_;
  std::span<const std::string> words_;
  std::size_t at_ = 0;
  bool only_words_ = false;
  Invocation read_;
};

std::string left(std::string_view text, std::size_t width) {
  std::string cell = "  " + std::string(text);
  cell.append(cell.size() < width + 2 ? width + 2 - cell.size() : 1, ' ');
  return cell;
}

std::string usage(const CommandRow& row) {
  std::string line = "bootsman " + std::string(row.name);
  constexpr std::size_t kOptionsOnALine = 4;
  const bool all = row.options.size() <= kOptionsOnALine;
  if (!all) line += " [OPTION…]";
  for (const auto& option : all ? row.options : std::span<const OptionRow>()) {
    line += " [" + std::string(option.name);
    line += option.value.empty() ? "]" : " " + std::string(option.value) + "]";
  }
  return row.words.empty() ? line : line + " " + std::string(row.words);
}

}  // namespace

std::string option_words(const OptionRow& option) {
  std::string words;
  if (!option.letter.empty()) words = std::string(option.letter) + ", ";
  words += option.name;
  return option.value.empty() ? words : words + " " + std::string(option.value);
}

bool Invocation::has(std::string_view option) const {
  return std::ranges::any_of(options, [&](const auto& given) { return given.first == option; });
}

std::string Invocation::value(std::string_view option, std::string_view otherwise) const {
  std::string found(otherwise);
  for (const auto& [name, value] : options) {
    if (name == option) found = value;
  }
  return found;
}

Result<Invocation> parse_arguments(std::span<const std::string> words, bool is_pid_1) {
  const auto page = [](std::string_view name) {
    Invocation asked;
    asked.command = find_command(name);
    return asked;
  };
  if (words.empty()) {
    if (is_pid_1) return page("run");
    return fail("no command is given");
  }
  const std::string& first = words.front();
  if (first == "--help" || first == "-h") return page("help");
  if (first == "--version" || first == "-V") return page("version");
  if (is_pid_1 && is_option(first)) return CommandReader(*find_command("run"), words).read();
  const auto* row = find_command(first);
  if (row == nullptr) return unknown_command(first, is_pid_1);
  return CommandReader(*row, words.subspan(1)).read();
}

std::string help_text() {
  std::string text =
      "Bootsman, the init of an AI-workspace container.\n\nusage: bootsman COMMAND …\n\n";
  for (const auto& row : commands()) {
    if (!row.hidden) text += left(row.name, 13) + std::string(row.doc) + "\n";
  }
  return text +
         "\nAs PID 1 without a command, `run` is meant. `bootsman COMMAND --help` says more.\n"
         "\nExit codes of commands: 0 good, 1 what was asked about is bad, 2 wrong usage,\n"
         "69 no init is running, 78 wrong configuration.\n";
}

std::string help_text(const CommandRow& command) {
  std::string text = "usage: " + usage(command) + "\n\n" + std::string(command.doc) + "\n";
  if (!command.details.empty()) text += "\n" + std::string(command.details);
  if (!command.options.empty()) text += "\n";
  std::size_t width = 15;
  for (const auto& option : command.options)
    width = std::max(width, option_words(option).size() + 2);
  for (const auto& option : command.options) {
    text += left(option_words(option), width) + std::string(option.doc) + "\n";
  }
  return text;
}

}  // namespace bootsman
