#pragma once

namespace bootsman {

/// `bootsman motd`: prints the login message (steps/motd_text.h) to stdout, with colours or
/// without. What can't be found out is left out; at most 2 s for a GPU driver that does not answer.
/// Returns 0.
int motd_command(bool colour);

}  // namespace bootsman
