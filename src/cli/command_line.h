#pragma once

#include <span>
#include <string>

namespace bootsman {

/// Does what the words after the program's name ask for, and returns the exit code.
int run_command_line(std::span<const std::string> words);

}  // namespace bootsman
