#include "helper/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace bootsman {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kOutMax = 1U << 20;
constexpr std::size_t kTextMax = 16U << 10;
constexpr int kTurnMs = 20;

class Pipe {
 public:
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    read_ = ends[0];
    write_ = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_read();
    close_write();
  }
  bool ok() const { return read_ >= 0; }
  int read_end() const { return read_; }
  int write_end() const { return write_; }
  void close_read() { close_one(read_); }
  void close_write() { close_one(write_); }

 private:
  static void close_one(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  int read_ = -1;
  int write_ = -1;
};

class SpawnSetup {
 public:
  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

/// A program that does not read its input must not end us.
class IgnorePipeSignal {
 public:
  IgnorePipeSignal() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    (void)::sigaction(SIGPIPE, &ignore, &old_);
  }
  IgnorePipeSignal(const IgnorePipeSignal&) = delete;
  IgnorePipeSignal& operator=(const IgnorePipeSignal&) = delete;
  ~IgnorePipeSignal() { (void)::sigaction(SIGPIPE, &old_, nullptr); }

 private:
  struct sigaction old_ = {};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

struct Child {
  pid_t pid = -1;
  Pipe in, out, err;
  std::size_t written = 0;
};

/// Reads what is there, keeps the first `limit` bytes. Closes at the end.
void drain(Pipe& pipe, std::string& text, std::size_t limit) {
  std::array<char, 65536> buffer;
  while (pipe.read_end() >= 0) {
    const ssize_t n = ::read(pipe.read_end(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    if (n == 0) return pipe.close_read();
    const std::size_t room = limit - std::min(limit, text.size());
    text.append(buffer.data(), std::min(room, static_cast<std::size_t>(n)));
  }
}

void feed(Child& child, const std::string& input) {
  while (child.in.write_end() >= 0 && child.written < input.size()) {
    const ssize_t n =
        ::write(child.in.write_end(), input.data() + child.written, input.size() - child.written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) break;
    child.written += static_cast<std::size_t>(n);
  }
  child.in.close_write();
}

void wait_for_any(const Child& child, int milliseconds) {
  std::array<pollfd, 3> waits = {pollfd{child.out.read_end(), POLLIN, 0},
                                 pollfd{child.err.read_end(), POLLIN, 0},
                                 pollfd{child.in.write_end(), POLLOUT, 0}};
  (void)::poll(waits.data(), waits.size(), milliseconds);
}

ExitStatus to_exit_status(int status) {
  return WIFSIGNALED(status) ? ExitStatus::signaled(WTERMSIG(status))
                             : ExitStatus::exited(WEXITSTATUS(status));
}

CommandOutput watch(Child& child, const CommandLine& command) {
  CommandOutput output;
  const auto deadline = Clock::now() + command.timeout;
  int status = 0;
  for (;;) {
    feed(child, command.input);
    drain(child.out, output.out, kOutMax);
    drain(child.err, output.text, kTextMax);
    const pid_t ended = ::waitpid(child.pid, &status, WNOHANG);
    if (ended == child.pid || (ended < 0 && errno == ECHILD)) break;
    if (!output.timed_out && Clock::now() >= deadline) {
      output.timed_out = true;
      (void)::kill(-child.pid, SIGKILL);
    }
    wait_for_any(child, kTurnMs);
  }
  drain(child.out, output.out, kOutMax);
  drain(child.err, output.text, kTextMax);
  output.status = to_exit_status(status);
  return output;
}

}  // namespace

Result<CommandOutput> run_command(const CommandLine& command,
                                  const std::map<std::string, std::string>& env) {
  if (command.argv.empty()) return fail("cannot run a command without a name");
  const IgnorePipeSignal ignore;
  Child child;
  if (!child.in.ok() || !child.out.ok() || !child.err.ok())
    return fail("cannot run " + command.argv[0] + ": " + std::strerror(errno));
  SpawnSetup setup;
  ::posix_spawn_file_actions_adddup2(&setup.actions, child.in.read_end(), 0);
  if (!command.to_log) {
    ::posix_spawn_file_actions_adddup2(&setup.actions, child.out.write_end(), 1);
    ::posix_spawn_file_actions_adddup2(&setup.actions, child.err.write_end(), 2);
  }
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> variables;
  std::map<std::string, std::string> all = env;
  for (const EnvVar& var : command.env) all[var.name] = var.value;
  for (const auto& [name, value] : all) variables.push_back(name + "=" + value);
  const int code =
      ::posix_spawn(&child.pid, command.argv[0].c_str(), &setup.actions, &setup.attributes,
                    pointers(arguments).data(), pointers(variables).data());
  if (code != 0) return fail("cannot run " + command.argv[0] + ": " + std::strerror(code));
  child.in.close_read();
  child.out.close_write();
  child.err.close_write();
  for (const int fd : {child.in.write_end(), child.out.read_end(), child.err.read_end()})
    (void)::fcntl(fd, F_SETFL, O_NONBLOCK);
  return watch(child, command);
}

}  // namespace bootsman
