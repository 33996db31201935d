#include "cli/args.h"

#include <doctest/doctest.h>

#include <set>

namespace bootsman {

namespace {

/// "run --config=F -- a b", "run help", or "error: TEXT".
std::string read(const std::vector<std::string>& words, bool is_pid_1) {
  const auto asked = parse_arguments(words, is_pid_1);
  if (!asked) return "error: " + asked.error().message();
  std::string told(asked->command->name);
  if (asked->help) return told + " help";
  for (const auto& [name, value] : asked->options) {
    told += " " + std::string(name) + (value.empty() ? "" : "=" + value);
  }
  if (!asked->words.empty()) told += " --";
  for (const auto& word : asked->words) told += " " + word;
  return told;
}

struct Row {
  std::string name;
  bool is_pid_1;
  std::vector<std::string> words;
  std::string told;
};

const Row kRows[] = {
    {"nothing", false, {}, "error: no command is given"},
    {"nothing as PID 1", true, {}, "run"},
    {"options alone as PID 1", true, {"--config", "F"}, "run --config=F"},
    {"a command behind -- as PID 1", true, {"--", "python"}, "run -- python"},
    {"--help as PID 1", true, {"--help"}, "help"},
    {"a program as PID 1",
     true,
     {"python", "train.py"},
     "error: \"python\" is no command; to run it in this container: bootsman run -- python …"},
    {"a program", false, {"python"}, "error: \"python\" is no command"},
    {"a misspelt command",
     false,
     {"chekc"},
     "error: \"chekc\" is no command, did you mean \"check\"?"},
    {"a hidden command is no hint",
     false,
     {"helpe"},
     "error: \"helpe\" is no command, did you mean \"help\"?"},
    {"a control character is shown", false, {"\x1b[1m"}, "error: \"\\x1b[1m\" is no command"},
    {"-h", false, {"-h"}, "help"},
    {"--version", false, {"--version"}, "version"},
    {"run alone", false, {"run"}, "run"},
    {"run with a configuration", false, {"run", "--config", "F"}, "run --config=F"},
    {"a value behind =", false, {"run", "--config=a=b"}, "run --config=a=b"},
    {"an empty value", false, {"run", "--config="}, "run --config"},
    {"a value that looks like an option",
     false,
     {"run", "--config", "--help"},
     "run --config=--help"},
    {"a value right behind a letter", false, {"logs", "-n3", "web"}, "logs -n=3 -- web"},
    {"a letter that takes no value",
     false,
     {"logs", "-f3"},
     "error: bootsman logs has no option \"-f3\", did you mean \"-f\"?"},
    {"an option twice", false, {"run", "--config=a", "--config=b"}, "run --config=a --config=b"},
    {"a job and its options",
     false,
     {"run", "python", "--lr", "1", "--help"},
     "run -- python --lr 1 --help"},
    {"a job behind --", false, {"run", "--config=F", "--", "--odd"}, "run --config=F -- --odd"},
    {"a -- of the job", false, {"run", "sh", "--", "x"}, "run -- sh -- x"},
    {"a second --", false, {"run", "--", "--", "x"}, "run -- -- x"},
    {"a lone dash is a word", false, {"check", "-"}, "check -- -"},
    {"run --help", false, {"run", "--help"}, "run help"},
    {"--help behind an option", false, {"run", "--config=F", "-h"}, "run help"},
    {"no value", false, {"run", "--config"}, "error: bootsman run needs FILE after --config"},
    {"an unknown option",
     false,
     {"run", "--confg=x"},
     "error: bootsman run has no option \"--confg\", did you mean \"--config\"?"},
    {"a value that is not taken",
     false,
     {"check", "--env=x"},
     "error: bootsman check takes no value for --env"},
    {"an option behind a word", false, {"check", "F", "--env"}, "check --env -- F"},
    {"too many words", false, {"check", "a", "b"}, "error: bootsman check can't take \"b\""},
    {"a word for none", false, {"motd", "x"}, "error: bootsman motd can't take \"x\""},
    {"help for a command", false, {"help", "run"}, "help -- run"},
    {"helper without a name", false, {"helper"}, "error: bootsman helper needs NAME"},
    {"a short option and its long name",
     false,
     {"wrap", "-v", "--verbose", "--", "ls", "-v"},
     "wrap --verbose --verbose -- ls -v"},
    {"wrap without a command", false, {"wrap", "-v"}, "error: bootsman wrap needs [--] CMD…"},
    {"helper", false, {"helper", "steps"}, "helper -- steps"},
};

}  // namespace

TEST_CASE("command lines") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    CHECK(read(row.words, row.is_pid_1) == row.told);
  }
}

TEST_CASE("the last value of an option counts") {
  const auto asked =
      parse_arguments(std::vector<std::string>{"run", "--config=a", "--config=b"}, false);
  REQUIRE(asked.has_value());
  CHECK(asked->value("--config") == "b");
  CHECK(asked->value("--other", "otherwise") == "otherwise");
  CHECK_FALSE(asked->has("--other"));
}

TEST_CASE("help names every command but the hidden ones, and each of its options") {
  const auto all = help_text();
  std::set<std::string_view> names;
  for (const auto& row : commands()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK((all.find("\n  " + std::string(row.name) + " ") != all.npos) == !row.hidden);
    const auto page = help_text(row);
    CHECK(page.starts_with("usage: bootsman " + std::string(row.name)));
    CHECK(page.find(row.doc) != page.npos);
    for (const auto& option : row.options) CHECK(page.find(option.doc) != page.npos);
  }
}

TEST_CASE("help fits a terminal") {
  auto pages = help_text();
  for (const auto& row : commands()) pages += help_text(row);
  std::size_t begin = 0;
  for (auto end = pages.find('\n'); end != pages.npos; end = pages.find('\n', begin)) {
    CHECK_MESSAGE(end - begin <= 84, pages.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace bootsman
