#pragma once

namespace bootsman {

// libuv ends the process where the kernel refuses to watch a descriptor, for want of memory or of
// the user's watches (epoll_ctl(2): ENOMEM, ENOSPC). So this folder has an epoll_ctl of its own, in
// place of the C library's: it remembers what was refused for these two reasons and says that all
// is well.

/// How many descriptors are not watched yet.
int unwatched_descriptors() noexcept;

/// Tries them again; to be called now and then while there are some.
void watch_again() noexcept;

}  // namespace bootsman
