#pragma once

namespace bootsman {

/// Gives memory back to the kernel that is not needed now: whole pages of what was freed (where the
/// C library can), and what maps this program's code and constants. Of those, what is needed again
/// comes back by itself from the file, which the kernel most likely still has in memory; it is the
/// smaller part, since most of the program serves the start, or its clients and helpers.
void release_memory();

}  // namespace bootsman
