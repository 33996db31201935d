#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "wrap/options.h"

namespace bootsman {

/// The programs that Bootsman stands in for when it is called by their names.
enum class Tool : std::uint8_t { Tini, DumbInit };

/// The tool whose name that path ends with (tini, tini-static, docker-init, dumb-init), or nothing.
std::optional<Tool> tool_named(std::string_view path);

/// What a tool's command line asks for: a command (argv from that position on) …
struct ToolStart {
  WrapOptions options;
  int command = 0;
};
/// … or a text and an exit code.
struct ToolAnswer {
  std::string text;
  bool to_stderr = false;
  int exit_code = 0;
};
using ToolRequest = std::variant<ToolStart, ToolAnswer>;

/// A variable of the environment, nullptr where it is not set.
using Variables = const char* (*)(const char* name);

/// Reads a command line as the tool does. As tini does it, too, options are also taken from behind
/// the command until "--": argv is sorted so that the command is at its end.
ToolRequest read_tool_arguments(Tool tool, int argc, char** argv, Variables variables);

/// Does what that tool would do, by its command line and the environment; returns its exit code.
int run_tool(Tool tool, int argc, char** argv);

}  // namespace bootsman
