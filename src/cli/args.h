#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bootsman {

struct OptionRow {
  std::string_view name;         ///< "--config"
  std::string_view value;        ///< What stands for its value, "FILE"; empty: it takes none.
  std::string_view doc;          ///< Half a sentence.
  std::string_view letter = "";  ///< The same in short, "-v".
};

/// One command. The parser, --help, the man page's test and the hints read these rows.
struct CommandRow {
  std::string_view name;
  std::string_view words;    ///< Its words after the options as a usage line has them, "[FILE]".
  std::string_view doc;      ///< One line.
  std::string_view details;  ///< Paragraphs for `--help` of this command, lines of at most 80.
  std::span<const OptionRow> options;
  std::size_t words_min = 0;
  std::size_t words_max = 0;
  /// The first word and all that follows it, options too, are a command of the user.
  bool takes_command = false;
  bool hidden = false;
};

/// All commands, in the order of `--help`.
std::span<const CommandRow> commands();
/// The command of that name, or nullptr.
const CommandRow* find_command(std::string_view name);

/// What the command line asks for.
struct Invocation {
  const CommandRow* command = nullptr;
  bool help = false;  ///< The help of this command is wanted, nothing else.
  std::vector<std::pair<std::string_view, std::string>> options;
  std::vector<std::string> words;
  /// How many of the words came before "--"; nothing without it.
  std::optional<std::size_t> words_before_dashes;

  bool has(std::string_view option) const;
  /// The last value of that option, or `otherwise`.
  std::string value(std::string_view option, std::string_view otherwise = "") const;
};

/// Reads the words after the program's name. As PID 1 without a command, `run` is meant. An error
/// is a usage error: what is wrong, with a hint.
Result<Invocation> parse_arguments(std::span<const std::string> words, bool is_pid_1);

/// "--config FILE", "-v, --verbose".
std::string option_words(const OptionRow& option);

/// The page of `bootsman --help`.
std::string help_text();
/// The page of `bootsman COMMAND --help`.
std::string help_text(const CommandRow& command);

}  // namespace bootsman
