#include "wrap/tools.h"

#include <doctest/doctest.h>

#include <csignal>
#include <span>
#include <string>
#include <vector>

namespace bootsman {

namespace {

std::vector<std::string> g_variables;  // "NAME=VALUE"; a function pointer can carry no state.

const char* variable(const char* name) {
  for (const auto& entry : g_variables)
    if (entry.starts_with(std::string(name) + "=")) return entry.c_str() + entry.find('=') + 1;
  return nullptr;
}

std::string place(Placement placement) {
  switch (placement) {
    case Placement::Automatic:
      return "automatic";
    case Placement::Group:
      return "group";
    case Placement::Session:
      return "session";
    case Placement::Shared:
      return "shared";
  }
  return "?";
}

/// "single verbosity=1 -- sleep 5", or "2: TEXT" for an answer with exit code 2.
std::string told(Tool tool, std::vector<std::string> words, std::vector<std::string> variables) {
  g_variables = std::move(variables);
  words.insert(words.begin(), "tool");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto request =
      read_tool_arguments(tool, static_cast<int>(words.size()), argv.data(), variable);
  if (const auto* answer = std::get_if<ToolAnswer>(&request))
    return std::to_string(answer->exit_code) + (answer->to_stderr ? "!" : "") + ": " +
           answer->text.substr(0, answer->text.find('\n'));
  const auto& start = std::get<ToolStart>(request);
  const auto& options = start.options;
  std::string text = place(options.placement);
  if (options.single_child) text += " single";
  if (options.subreaper) text += " subreaper";
  if (options.warn_not_reaper) text += " warns";
  if (options.warn_on_reap) text += " warns-on-reap";
  if (options.parent_death.value != 0)
    text += " death=" + std::to_string(options.parent_death.value);
  for (std::size_t code = 0; code < 256; ++code)
    if (options.remap_exit.test(code)) text += " remap=" + std::to_string(code);
  for (int signal : {SIGTERM, SIGTSTP, SIGTTIN}) {
    const auto to = options.signals.forwarded(Signal{signal}, SI_USER).value_or(Signal{0}).value;
    if (to != signal) text += " " + std::to_string(signal) + ">" + std::to_string(to);
  }
  if (options.verbosity != 0) text += " verbosity=" + std::to_string(options.verbosity);
  text += " --";
  for (char** word = argv.data() + start.command; *word != nullptr; ++word)
    text += std::string(" ") + *word;
  return text;
}

struct Row {
  const char* name;
  std::vector<std::string> words;
  std::vector<std::string> variables;
  std::string told;
};

const Row kTiniRows[] = {
    {"a program", {"sleep", "5"}, {}, "automatic single warns -- sleep 5"},
    {"behind --", {"--", "sh", "-c", "x"}, {}, "automatic single warns -- sh -c x"},
    {"the group", {"-g", "--", "a"}, {}, "automatic warns -- a"},
    {"many at once", {"-sgw", "a"}, {}, "automatic subreaper warns warns-on-reap -- a"},
    {"more to say", {"-vvv", "a"}, {}, "automatic single warns verbosity=3 -- a"},
    {"the parent's death", {"-p", "SIGKILL", "a"}, {}, "automatic single warns death=9 -- a"},
    {"remapped codes",
     {"-e", "143", "-e3", "a"},
     {},
     "automatic single warns remap=3 remap=143 -- a"},
    {"options behind the program are tini's", {"a", "-g", "b"}, {}, "automatic warns -- a b"},
    {"but not behind --", {"a", "--", "-g"}, {}, "automatic single warns -- a -g"},
    {"variables, whatever their value",
     {"a"},
     {"TINI_SUBREAPER=", "TINI_KILL_PROCESS_GROUP=0"},
     "automatic subreaper warns -- a"},
    {"verbosity 0 is silent",
     {"-w", "a"},
     {"TINI_VERBOSITY=0"},
     "automatic single verbosity=-1 -- a"},
    {"the variable counts, not -v",
     {"-vv", "a"},
     {"TINI_VERBOSITY=2"},
     "automatic single warns verbosity=1 -- a"},
    {"nothing", {}, {}, "1!: tini: needs a program to run"},
    {"its version", {"--version"}, {}, "0: tini version 0.19.0 - bootsman"},
    {"the version is no option of a program's",
     {"a", "--version"},
     {},
     "1!: tini: has no such option"},
    {"an unknown option",
     {"-x", "a"},
     {},
     "1!: tini: has no such option, or not without a value: \"-x\""},
    {"no value", {"-p"}, {}, "1!: tini: has no such option"},
    {"a wrong code", {"-e", "256", "a"}, {}, "1!: tini: -e: cannot read the exit code"},
    {"a wrong signal", {"-p", "SIGFOO", "a"}, {}, "1!: tini: -p: cannot read the signal"},
    {"help", {"-h"}, {}, "0: usage: tini"},
    {"licence", {"-l"}, {}, "0: Bootsman, in tini's place: MIT licence."},
};

const Row kDumbInitRows[] = {
    {"a command", {"sleep", "5"}, {}, "session 20>19 21>19 -- sleep 5"},
    {"options of the command are its own", {"ls", "-c"}, {}, "session 20>19 21>19 -- ls -c"},
    {"single child", {"-c", "a"}, {}, "shared -- a"},
    {"in long words", {"--single-child", "--verbose", "a"}, {}, "shared verbosity=2 -- a"},
    {"rewrites", {"-r", "15:3", "--rewrite=20:0", "a"}, {}, "session 15>3 20>0 21>19 -- a"},
    {"a shortened word", {"--rew", "15:3", "a"}, {}, "session 15>3 20>19 21>19 -- a"},
    {"variables", {"a"}, {"DUMB_INIT_SETSID=0", "DUMB_INIT_DEBUG=1"}, "shared verbosity=2 -- a"},
    {"other values of them",
     {"a"},
     {"DUMB_INIT_SETSID=1", "DUMB_INIT_DEBUG=0"},
     "session 20>19 21>19 -- a"},
    {"nothing", {}, {}, "1!: dumb-init: needs a command to run"},
    {"a wrong rewrite", {"-r", "15", "a"}, {}, "1!: dumb-init: -r: cannot read the rewrite"},
    {"an unknown option", {"--frob", "a"}, {}, "1!: dumb-init: has no such option"},
    {"version", {"-V"}, {}, "0!: dumb-init v1.2.5 - bootsman"},
    {"help", {"--help"}, {}, "0!: usage: dumb-init"},
};

void check_rows(Tool tool, std::span<const Row> rows) {
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto got = told(tool, row.words, row.variables);
    CHECK_MESSAGE(
        (row.told.find("--") == row.told.npos ? got.starts_with(row.told) : got == row.told), got);
  }
}

}  // namespace

TEST_CASE("tini's command lines") {
  check_rows(Tool::Tini, kTiniRows);
}

TEST_CASE("dumb-init's command lines") {
  check_rows(Tool::DumbInit, kDumbInitRows);
}

TEST_CASE("the names that stand for a tool") {
  CHECK(tool_named("tini") == Tool::Tini);
  CHECK(tool_named("/sbin/docker-init") == Tool::Tini);
  CHECK(tool_named("/usr/bin/tini-static") == Tool::Tini);
  CHECK(tool_named("./dumb-init") == Tool::DumbInit);
  for (const char* other : {"", "/", "bootsman", "/tini/bootsman", "tini/", "xtini", "init"}) {
    CAPTURE(other);
    CHECK_FALSE(tool_named(other).has_value());
  }
}

}  // namespace bootsman
