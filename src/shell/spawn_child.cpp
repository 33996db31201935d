#include "shell/spawn_child.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

// Everything here runs in a process that shares the init's memory and thread-local storage. The
// kernel's answers are used as they come (-errno), since libc's wrappers would write the init's
// errno. The sanitizers' shadow of the init's stack means nothing here.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BOOTSMAN_RAW __attribute__((no_sanitize("address", "thread", "undefined")))
#else
#define BOOTSMAN_RAW
#endif

namespace bootsman {
namespace {

#if defined(__x86_64__)
BOOTSMAN_RAW inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                             long e = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
BOOTSMAN_RAW inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                             long e = 0) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
#else
#error "Bootsman knows the system call conventions of x86_64 and aarch64 only"
#endif

template <class T>
BOOTSMAN_RAW inline long as_long(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

/// The kernel's own idea of a 64-bit limit pair.
struct RawLimit {
  std::uint64_t soft;
  std::uint64_t hard;
};

BOOTSMAN_RAW void report(const ChildOrders& orders, ChildStage stage, long error, int detail,
                         bool fatal) {
  const ChildReport text{stage, static_cast<std::int32_t>(-error), detail, fatal ? 1 : 0};
  raw(SYS_write, orders.status_fd, as_long(&text), sizeof text);
}

BOOTSMAN_RAW [[noreturn]] void give_up(const ChildOrders& orders, ChildStage stage, long error,
                                       int detail = -1) {
  report(orders, stage, error, detail, true);
  for (;;) raw(SYS_exit_group, 127);
}

/// It goes on without.
BOOTSMAN_RAW void note(const ChildOrders& orders, ChildStage stage, long error, int detail = -1) {
  report(orders, stage, error, detail, false);
}

/// 0 to 2 are always open in the init, so a source is its own target, or 3 and above; 3 is
/// overwritten last: no dup destroys another source.
BOOTSMAN_RAW void set_streams(const ChildOrders& orders) {
  for (int target = 0; target < 4; ++target) {
    const int source = orders.streams[static_cast<std::size_t>(target)];
    if (source < 0) continue;
    const long r =
        source == target ? raw(SYS_fcntl, source, F_SETFD, 0) : raw(SYS_dup3, source, target, 0);
    if (r < 0) give_up(orders, ChildStage::Descriptors, r);
  }
  if (orders.extra_fd < 0) return;
  const long r = orders.extra_fd == orders.extra_target
                     ? raw(SYS_fcntl, orders.extra_fd, F_SETFD, 0)
                     : raw(SYS_dup3, orders.extra_fd, orders.extra_target, 0);
  if (r < 0) give_up(orders, ChildStage::Descriptors, r);
}

BOOTSMAN_RAW void set_limits(const ChildOrders& orders) {
  for (std::size_t i = 0; i < orders.inherited_limits->size(); ++i) {
    const ResourceLimit& limit = (*orders.inherited_limits)[i];
    const RawLimit pair{limit.value, (*orders.inherited_hard)[i]};
    raw(SYS_prlimit64, 0, limit.resource, as_long(&pair));
  }
  for (const ResourceLimit& limit : *orders.limits) {
    RawLimit pair{0, 0};
    raw(SYS_prlimit64, 0, limit.resource, 0, as_long(&pair));
    // Raising the hard limit takes CAP_SYS_RESOURCE: tried first, then as far as it goes.
    const RawLimit wanted{limit.value, limit.value};
    const long r = raw(SYS_prlimit64, 0, limit.resource, as_long(&wanted));
    if (r == 0) continue;
    const RawLimit possible{limit.value < pair.hard ? limit.value : pair.hard, pair.hard};
    raw(SYS_prlimit64, 0, limit.resource, as_long(&possible));
    note(orders, ChildStage::Limits, r, limit.resource);
  }
}

BOOTSMAN_RAW void set_priority(const ChildOrders& orders) {
  if (orders.oom_text != nullptr) {
    const char path[] = "/proc/self/oom_score_adj";
    long r = raw(SYS_openat, AT_FDCWD, as_long(path), O_WRONLY | O_CLOEXEC);
    if (r >= 0) {
      const long fd = r;
      long length = 0;
      while (orders.oom_text[length] != '\0') ++length;
      r = raw(SYS_write, fd, as_long(orders.oom_text), length);
      raw(SYS_close, fd);
    }
    if (r < 0) note(orders, ChildStage::OomScore, r);
  }
  if (orders.nice != nullptr) {
    const long r = raw(SYS_setpriority, PRIO_PROCESS, 0, *orders.nice);
    if (r < 0) note(orders, ChildStage::Nice, r);
  }
  if (orders.ioprio != nullptr) {
    const long r = raw(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, *orders.ioprio);
    if (r < 0) note(orders, ChildStage::IoPriority, r);
  }
}

/// Takes the dropped ones out of the bounding set, so that no setuid program gives them back.
/// Without CAP_SETPCAP, no_new_privs does the same for good.
BOOTSMAN_RAW void bound_capabilities(const ChildOrders& orders) {
  for (long number = 0; number < 64 && orders.dropped != 0; ++number) {
    const long there = raw(SYS_prctl, PR_CAPBSET_READ, number);
    if (there < 0) break;
    if (there == 0 || ((orders.dropped >> number) & 1) == 0) continue;
    const long r = raw(SYS_prctl, PR_CAPBSET_DROP, number);
    if (r == 0) continue;
    const long sealed = raw(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
    if (sealed < 0) give_up(orders, ChildStage::Capabilities, r);
    break;
  }
  if (orders.ambient != 0) raw(SYS_prctl, PR_SET_KEEPCAPS, 1);
}

/// Once it is the user that it will be. Ambient ones must be permitted and inheritable first.
BOOTSMAN_RAW void set_capabilities(const ChildOrders& orders) {
  if (orders.dropped == 0 && orders.ambient == 0) return;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {{0, 0, 0}, {0, 0, 0}};
  long r = raw(SYS_capget, as_long(&header), as_long(sets));
  if (r < 0) give_up(orders, ChildStage::Capabilities, r);
  const bool other_user = orders.account != nullptr && raw(SYS_geteuid) != 0;
  for (int half = 0; half < 2; ++half) {
    const auto dropped = static_cast<std::uint32_t>(orders.dropped >> (32 * half));
    const auto ambient = static_cast<std::uint32_t>(orders.ambient >> (32 * half));
    auto& set = sets[half];
    set.permitted &= ~dropped;
    if (other_user) set.permitted &= ambient;
    set.effective &= set.permitted;
    set.inheritable = (set.inheritable & ~dropped) | (ambient & set.permitted);
  }
  r = raw(SYS_capset, as_long(&header), as_long(sets));
  if (r < 0) give_up(orders, ChildStage::Capabilities, r);
  for (int number = 0; number < 64; ++number) {
    if (((orders.ambient >> number) & 1) == 0) continue;
    r = raw(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number);
    if (r < 0) give_up(orders, ChildStage::Capabilities, r, number);
  }
}

BOOTSMAN_RAW void become_user(const ChildOrders& orders) {
  if (orders.account == nullptr) return;
  const Account& account = *orders.account;
  long r =
      raw(SYS_setgroups, static_cast<long>(account.groups.size()), as_long(account.groups.data()));
  // Without the right to change groups (no CAP_SETGID) staying in them is fine when nothing else
  // changes.
  const bool same = raw(SYS_getuid) == static_cast<long>(account.uid) &&
                    raw(SYS_getgid) == static_cast<long>(account.gid);
  if (r < 0 && !(same && r == -EPERM)) give_up(orders, ChildStage::Groups, r);
  r = raw(SYS_setresgid, account.gid, account.gid, account.gid);
  if (r < 0) give_up(orders, ChildStage::Groups, r);
  r = raw(SYS_setresuid, account.uid, account.uid, account.uid);
  if (r < 0) give_up(orders, ChildStage::User, r);
}

/// As execvp(3): the first candidate that can be executed; a script without #! by /bin/sh; EACCES
/// is told only when no other candidate exists. ENOENT of a file that is there means a script's
/// interpreter or a program's loader: detail 1.
BOOTSMAN_RAW void execute(const ChildOrders& orders) {
  if (orders.image_fd >= 0) {
    const char empty[] = "";
    const long r = raw(SYS_execveat, orders.image_fd, as_long(empty), as_long(orders.argv),
                       as_long(orders.environment), 0x1000 /* AT_EMPTY_PATH */);
    if (*orders.candidates == nullptr) give_up(orders, ChildStage::Exec, r);
  }
  long worst = -ENOENT;
  int detail = -1;
  for (char** candidate = orders.candidates; *candidate != nullptr; ++candidate) {
    if (orders.searched) orders.argv[0] = *candidate;
    long r =
        raw(SYS_execve, as_long(*candidate), as_long(orders.argv), as_long(orders.environment));
    if (r == -ENOEXEC) {
      static char shell[] = "/bin/sh";
      orders.argv[-1] = shell;
      orders.argv[0] = *candidate;
      raw(SYS_execve, as_long(shell), as_long(orders.argv - 1), as_long(orders.environment));
      give_up(orders, ChildStage::Exec, r);
    }
    if (r == -EACCES) worst = r;
    if (r == -ENOENT && raw(SYS_faccessat, AT_FDCWD, as_long(*candidate), F_OK) == 0) detail = 1;
    if (r != -EACCES && r != -ENOENT && r != -ENOTDIR) give_up(orders, ChildStage::Exec, r);
  }
  give_up(orders, ChildStage::Exec, worst, detail);
}

}  // namespace

BOOTSMAN_RAW int run_child(void* argument) {
  const ChildOrders& orders = *static_cast<const ChildOrders*>(argument);
  raw(SYS_setsid);
  set_streams(orders);
  if (orders.takes_terminal) {
    const long r = raw(SYS_ioctl, 0, TIOCSCTTY, 0);
    if (r < 0) note(orders, ChildStage::Terminal, r);
  }
  set_limits(orders);
  set_priority(orders);
  if (orders.umask != nullptr) raw(SYS_umask, *orders.umask);
  bound_capabilities(orders);
  become_user(orders);
  set_capabilities(orders);
  if (orders.directory != nullptr) {
    const long r = raw(SYS_chdir, as_long(orders.directory));
    if (r < 0) give_up(orders, ChildStage::Directory, r);
  }
  if (orders.no_new_privileges) {
    const long r = raw(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
    if (r < 0) give_up(orders, ChildStage::Privileges, r);
  }
  // The init ignores SIGPIPE; an ignored signal would survive the exec.
  struct {
    void* handler = nullptr;
    unsigned long flags = 0;
    void* restorer = nullptr;
    unsigned long mask = 0;
  } standard{};
  raw(SYS_rt_sigaction, SIGPIPE, as_long(&standard), 0, 8);
  raw(SYS_rt_sigprocmask, SIG_SETMASK, as_long(orders.signal_mask), 0, 8);
  const int priority = 0;
  if (orders.batch) raw(SYS_sched_setscheduler, 0, SCHED_OTHER, as_long(&priority));
  execute(orders);
  return 127;
}

}  // namespace bootsman
