#include "wrap/tools.h"

#include <getopt.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "base/version.h"
#include "wrap/wrap.h"

// The tools' options, variables, defaults and exit codes are those of tini 0.19.0 (tini(1)) and
// dumb-init 1.2.5 (dumb-init(1)).
namespace bootsman {

namespace {

constexpr std::string_view kTiniHelp =
    "usage: tini [OPTION…] PROGRAM -- [ARGUMENT…]\n"
    "       tini [OPTION…] -- PROGRAM [ARGUMENT…]\n\n"
    "  -s          become a subreaper\n"
    "  -p SIGNAL   get SIGNAL, for instance SIGKILL, when the parent dies\n"
    "  -v          say more, up to three times\n"
    "  -w          say when an orphan was reaped\n"
    "  -g          send signals to the program's process group\n"
    "  -e CODE     this exit code, 0 to 255, becomes 0 (repeatable)\n"
    "  -l          print the licence\n"
    "  -h          print this\n"
    "  --version   print the version\n\n"
    "Variables: TINI_SUBREAPER as -s, TINI_KILL_PROCESS_GROUP as -g,\n"
    "TINI_VERBOSITY: 0 to 4 (1).\n";

constexpr std::string_view kDumbInitHelp =
    "usage: dumb-init [OPTION…] COMMAND [ARGUMENT…]\n\n"
    "  -c, --single-child   no session of its own; signals go to COMMAND alone\n"
    "  -r, --rewrite S:R    signal S is forwarded as R, not at all if R is 0\n"
    "                       (repeatable)\n"
    "  -v, --verbose        say what happens\n"
    "  -h, --help           print this\n"
    "  -V, --version        print the version\n\n"
    "Variables: DUMB_INIT_SETSID=0 as -c, DUMB_INIT_DEBUG=1 as -v.\n";

/// getopt(3) keeps its place in variables of its own.
void restart_getopt() {
  optind = 0;
  opterr = 0;
}

ToolAnswer wrong_usage(std::string_view tool, const std::string& what) {
  return {std::string(tool) + ": " + what + "\nTry `" + std::string(tool) + " -h`.\n", true, 1};
}

std::string wrong_option(char** argv) {
  const char* word = optind > 0 ? argv[optind - 1] : nullptr;
  return "has no such option, or not without a value: \"" + printable(word == nullptr ? "" : word) +
         "\"";
}

std::string version(std::string_view tool) {
  return std::string(tool) + " - bootsman " + std::string(kVersion) + "\n";
}

class TiniReader {
 public:
  TiniReader(int argc, char** argv, Variables variables)
      : argc_(argc), argv_(argv), variables_(variables) {
    options_.name = "tini";
    options_.single_child = true;
    options_.exec_failure = FailureCodes::Tini;
  }

  ToolRequest read() {
    // tini prints it only for this very word alone.
    if (argc_ == 2 && std::string_view(argv_[1]) == "--version")
      return ToolAnswer{version("tini version 0.19.0"), false, 0};
    static constexpr struct option kNoLongOptions[] = {{nullptr, 0, nullptr, 0}};
    restart_getopt();
    for (int found = 0;
         (found = getopt_long(argc_, argv_, "p:hvwgle:s", kNoLongOptions, nullptr)) != -1;) {
      if (auto answer = take(found)) return std::move(*answer);
    }
    if (optind >= argc_) return wrong_usage("tini", "needs a program to run");
    read_variables();
    return ToolStart{options_, optind};
  }

 private:
  std::optional<ToolAnswer> take(int found) {
    switch (found) {
      case 's':
        options_.subreaper = true;
        return std::nullopt;
      case 'g':
        options_.single_child = false;
        return std::nullopt;
      case 'w':
        options_.warn_on_reap = true;
        return std::nullopt;
      case 'v':
        ++verbosity_;
        return std::nullopt;
      case 'p':
        return parent_death();
      case 'e':
        return exit_code();
      case 'h':
        return ToolAnswer{std::string(kTiniHelp), false, 0};
      case 'l':
        return ToolAnswer{"Bootsman, in tini's place: MIT licence.\n", false, 0};
      default:
        return wrong_usage("tini", wrong_option(argv_));
    }
  }

  std::optional<ToolAnswer> parent_death() {
    const auto signal = parse_signal(optarg);
    if (!signal) return wrong_usage("tini", "-p: " + signal.error().message());
    options_.parent_death = *signal;
    return std::nullopt;
  }

  std::optional<ToolAnswer> exit_code() {
    const auto code = parse_exit_code(optarg);
    if (!code) return wrong_usage("tini", "-e: " + code.error().message());
    options_.remap_exit.set(static_cast<std::size_t>(*code));
    return std::nullopt;
  }

  void read_variables() {
    if (variables_("TINI_SUBREAPER") != nullptr) options_.subreaper = true;
    if (variables_("TINI_KILL_PROCESS_GROUP") != nullptr) options_.single_child = false;
    if (const char* level = variables_("TINI_VERBOSITY")) verbosity_ = std::atoi(level);
    const bool warns = verbosity_ > 0;
    options_.warn_not_reaper = warns;
    options_.warn_on_reap = options_.warn_on_reap && warns;
    options_.verbosity = verbosity_ - 1;
  }

  int argc_;
  char** argv_;
  Variables variables_;
  WrapOptions options_;
  int verbosity_ = 1;
};

class DumbInitReader {
 public:
  DumbInitReader(int argc, char** argv, Variables variables)
      : argc_(argc), argv_(argv), variables_(variables) {
    options_.name = "dumb-init";
    options_.placement = Placement::Session;
    options_.exec_failure = FailureCodes::DumbInit;
    options_.stop_after_forwarding = true;
    options_.end_group = true;
    options_.leave_directory = true;
  }

  ToolRequest read() {
    static constexpr struct option kLongOptions[] = {
        {"help", no_argument, nullptr, 'h'},          {"verbose", no_argument, nullptr, 'v'},
        {"version", no_argument, nullptr, 'V'},       {"single-child", no_argument, nullptr, 'c'},
        {"rewrite", required_argument, nullptr, 'r'}, {nullptr, 0, nullptr, 0}};
    restart_getopt();
    for (int found = 0;
         (found = getopt_long(argc_, argv_, "+hvVcr:", kLongOptions, nullptr)) != -1;) {
      if (auto answer = take(found)) return std::move(*answer);
    }
    if (optind >= argc_) return wrong_usage("dumb-init", "needs a command to run");
    read_variables();
    return ToolStart{options_, optind};
  }

 private:
  std::optional<ToolAnswer> take(int found) {
    switch (found) {
      case 'c':
        options_.placement = Placement::Shared;
        return std::nullopt;
      case 'v':
        options_.verbosity = 2;
        return std::nullopt;
      case 'r':
        if (auto fault = read_rewrite(optarg, options_.signals))
          return wrong_usage("dumb-init", "-r: " + fault->message());
        return std::nullopt;
      case 'h':
        return ToolAnswer{std::string(kDumbInitHelp), true, 0};
      case 'V':
        return ToolAnswer{version("dumb-init v1.2.5"), true, 0};
      default:
        return wrong_usage("dumb-init", wrong_option(argv_));
    }
  }

  void read_variables() {
    const auto is = [&](const char* name, std::string_view value) {
      const char* set = variables_(name);
      return set != nullptr && value == set;
    };
    if (is("DUMB_INIT_DEBUG", "1")) options_.verbosity = 2;
    if (is("DUMB_INIT_SETSID", "0")) options_.placement = Placement::Shared;
    if (options_.placement != Placement::Session) return;
    // The kernel ignores a terminal's stop signals in a session of its own.
    for (int stop : {SIGTSTP, SIGTTOU, SIGTTIN})
      options_.signals.rewrite_unless_set(Signal{stop}, Signal{SIGSTOP});
  }

  int argc_;
  char** argv_;
  Variables variables_;
  WrapOptions options_;
};

}  // namespace

std::optional<Tool> tool_named(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  if (name == "tini" || name == "tini-static" || name == "docker-init") return Tool::Tini;
  if (name == "dumb-init") return Tool::DumbInit;
  return std::nullopt;
}

ToolRequest read_tool_arguments(Tool tool, int argc, char** argv, Variables variables) {
  if (tool == Tool::Tini) return TiniReader(argc, argv, variables).read();
  return DumbInitReader(argc, argv, variables).read();
}

int run_tool(Tool tool, int argc, char** argv) {
  const auto request = read_tool_arguments(
      tool, argc, argv, [](const char* name) -> const char* { return std::getenv(name); });
  if (const auto* answer = std::get_if<ToolAnswer>(&request)) {
    std::fputs(answer->text.c_str(), answer->to_stderr ? stderr : stdout);
    return answer->exit_code;
  }
  const auto& start = std::get<ToolStart>(request);
  return wrap(start.options, argv + start.command);
}

}  // namespace bootsman
