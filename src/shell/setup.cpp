#include "shell/setup.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "helper/protocol.h"
#include "sys/own_fault.h"
#include "sys/reserve.h"

extern char** environ;

namespace bootsman {
namespace {

void open_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) {
      // The lowest free number is taken, which is `fd`.
      const int opened = ::open("/dev/null", O_RDWR);
      if (opened < 0) return;
    }
}

/// A helper finds its socket at descriptor 3. While the init holds that number itself, nothing that
/// a child needs until its exec (the image, the status pipe) can have it and be overwritten.
void hold_helper_descriptor() {
  int held = ::open("/", O_PATH | O_CLOEXEC);
  if (held < 0) held = ::fcntl(0, F_DUPFD_CLOEXEC, kHelperFd);
  if (held > kHelperFd) ::close(held);
}

void close_foreign_descriptors_on_exec() {
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = 3; fd < 1024; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags >= 0) ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  }
}

/// What a runtime has blocked or ignored is not for the units: they could not be told to end. And
/// with SIGCHLD ignored the kernel would reap in place of us.
void forget_inherited_signals(sigset_t& of_children) {
  ::sigemptyset(&of_children);
  for (int number = 1; number <= 64; ++number) ::signal(number, SIG_DFL);
}

void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  // A fault of our own must not be blocked: the kernel would kill without a trace anyway.
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
    ::sigdelset(&all, fault);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
}

/// Remembers the limit for the children and sets another soft one for the init.
void change_limit(Inherited& inherited, int resource, bool raise) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return;
  inherited.limits.push_back({resource, limit.rlim_cur});
  inherited.hard.push_back(limit.rlim_max);
  limit.rlim_cur = raise ? limit.rlim_max : 0;
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
}

}  // namespace

Setup set_up_process() {
  Setup setup;
  setup.pid1 = ::getpid() == 1;
  hold_reserve();
  uv_replace_allocator(allocate, reallocate, allocate_zeros, std::free);
  open_standard_streams();
  close_foreign_descriptors_on_exec();
  hold_helper_descriptor();
  forget_inherited_signals(setup.inherited.signal_mask);
  // Elsewhere the kernel ends a process by a fault, and says so to its parent.
  if (setup.pid1) say_own_faults();
  block_signals();
  setup.inherited.ordinary = ::syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER;
  change_limit(setup.inherited, RLIMIT_NOFILE, true);
  change_limit(setup.inherited, RLIMIT_CORE, false);
  if (!setup.pid1 && ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    setup.notes.push_back(with_errno(
        "cannot become a subreaper, so processes that outlive their parents are not seen", errno));
  setup.image.reset(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  if (!setup.image) {
    const auto* path = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
    if (path != nullptr) setup.image.reset(::open(path, O_PATH | O_CLOEXEC));
  }
  if (!setup.image)
    setup.notes.emplace_back(
        "cannot open the init's own executable, so boot steps and file checks can't run: mount "
        "/proc");
  return setup;
}

bool in_container() {
  if (::getpid() == 1) return true;
  // The first PID namespace of a kernel has this inode number (PROC_PID_INIT_INO).
  constexpr std::string_view kFirstNamespace = "pid:[4026531836]";
  char target[64];
  const ssize_t length = ::readlink("/proc/self/ns/pid", target, sizeof target);
  if (length > 0 && std::string_view(target, static_cast<std::size_t>(length)) != kFirstNamespace)
    return true;
  for (const char* file : {"/.dockerenv", "/run/.containerenv"})
    if (::access(file, F_OK) == 0) return true;
  for (const char* name : {"container", "KUBERNETES_SERVICE_HOST"})
    if (::getenv(name) != nullptr) return true;
  return false;
}

bool steps_would_change_a_machine(const Plan& plan) {
  const bool steps =
      std::ranges::any_of(plan.units, [](const Unit& unit) { return unit.builtin.has_value(); });
  return steps && !in_container();
}

std::vector<EnvVar> inherited_environment() {
  std::vector<EnvVar> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals == nullptr || equals == *entry) continue;
    variables.push_back(
        {std::string(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1});
  }
  return variables;
}

std::vector<EnvVar> take_secrets(std::vector<EnvVar>& environment,
                                 const std::vector<std::string>& names) {
  auto secret = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<EnvVar> taken;
  for (EnvVar& variable : environment)
    if (secret(variable.name)) taken.push_back(std::move(variable));
  std::erase_if(environment, [](const EnvVar& variable) { return variable.name.empty(); });
  std::erase_if(environment, [&](const EnvVar& variable) { return secret(variable.name); });
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* equals = std::strchr(*entry, '=');
    if (equals != nullptr &&
        secret(std::string_view(*entry, static_cast<std::size_t>(equals - *entry))))
      ::explicit_bzero(equals + 1, std::strlen(equals + 1));
  }
  return taken;
}

}  // namespace bootsman
