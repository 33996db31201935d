#include "sys/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

void reset_signals() {
  for (int number = 1; number < 32; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

tl::unexpected<ProgramFailure> failed(int error) {
  return tl::make_unexpected(ProgramFailure{error});
}

/// The child's part; writes errno to `status` when it can't become its program.
[[noreturn]] void become(const ProgramStart& start, char* const* argv, int status, pid_t parent) {
  ::setpgid(0, 0);
  reset_signals();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  int error = 0;
  if (start.fd >= 0 && ::dup2(start.fd, start.fd_as) < 0) error = errno;
  if (error == 0) {
    ::execvp(argv[0], argv);
    error = errno;
  }
  (void)!::write(status, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path == nullptr ? "" : path, ':')) {
    if (folder.empty()) continue;
    const std::string candidate = std::string(folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

tl::expected<Pid, ProgramFailure> start_program(const ProgramStart& start) {
  std::vector<std::string> words = start.argv;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed(errno);
  const UniqueFd read(ends[0]);
  UniqueFd write(ends[1]);
  // dup2 must not hit the pipe that tells of a failure.
  if (write.get() == start.fd_as) write.reset(::fcntl(write.get(), F_DUPFD_CLOEXEC, 20));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return failed(errno);
  if (pid == 0) become(start, argv.data(), write.get(), parent);
  write.reset();
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(read.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof error)) return failed(error);
  return Pid{pid};
}

tl::expected<Pid, ProgramFailure> start_task(const std::function<int()>& task) {
  const pid_t pid = ::fork();
  if (pid < 0) return failed(errno);
  if (pid == 0) {
    ::setpgid(0, 0);
    reset_signals();
    ::_exit(task());
  }
  return Pid{pid};
}

}  // namespace bootsman
