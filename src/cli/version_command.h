#pragma once

namespace bootsman {

/// `bootsman version`: one line for Bootsman, then one for the compiler, the C library and each
/// library that is linked in. Returns 0.
int version_command();

}  // namespace bootsman
