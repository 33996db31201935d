#include "sys/watch_again.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#ifndef __THROW  // The C library's declaration of epoll_ctl has it, or has none.
#define __THROW
#endif

namespace bootsman {
namespace {

struct Unwatched {
  int epoll;
  int fd;
  epoll_event event;
};

/// No more can be remembered: what comes on top is refused as the kernel does it.
constexpr int kMost = 1024;
Unwatched unwatched[kMost];
int count = 0;

int control(int epoll, int operation, int fd, epoll_event* event) {
  return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, operation, fd, event));
}

/// Adds it where a change says that it is not there: it was remembered only.
int put(int epoll, int operation, int fd, epoll_event* event) {
  const int done = control(epoll, operation, fd, event);
  if (done == 0 || operation != EPOLL_CTL_MOD || errno != ENOENT) return done;
  return control(epoll, EPOLL_CTL_ADD, fd, event);
}

bool may_pass(int error) {
  return error == ENOMEM || error == ENOSPC;
}

void forget(int epoll, int fd) {
  for (int i = 0; i < count; ++i)
    if (unwatched[i].epoll == epoll && unwatched[i].fd == fd) unwatched[i--] = unwatched[--count];
}

}  // namespace

int unwatched_descriptors() noexcept {
  return count;
}

void watch_again() noexcept {
  for (int i = 0; i < count;) {
    Unwatched& one = unwatched[i];
    if (put(one.epoll, EPOLL_CTL_MOD, one.fd, &one.event) != 0 && may_pass(errno))
      ++i;
    else
      one = unwatched[--count];
  }
}

}  // namespace bootsman

extern "C" int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) __THROW {
  // libuv's own trial whether a descriptor can be watched at all: it takes it out again at once.
  const bool trial = event != nullptr && event->data.fd == -1;
  if (bootsman::count != 0 && !trial) bootsman::forget(epoll, fd);
  if (operation == EPOLL_CTL_DEL) {
    // It is out of the set in any case: it was not there, or is about to be closed.
    (void)bootsman::control(epoll, operation, fd, event);
    return 0;
  }
  if (bootsman::put(epoll, operation, fd, event) == 0) return 0;
  if (!bootsman::may_pass(errno) || bootsman::count == bootsman::kMost) return -1;
  if (!trial) bootsman::unwatched[bootsman::count++] = {epoll, fd, *event};
  return 0;
}
