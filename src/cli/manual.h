#pragma once

#include <string>

namespace bootsman {

/// The manual page bootsman(1) as roff, its commands and options from the table of commands. The
/// repository has it as docs/man/bootsman.1.
std::string manual_page();

}  // namespace bootsman
