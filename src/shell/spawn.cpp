#include "shell/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "shell/spawn_child.h"

namespace bootsman {
namespace {

constexpr std::size_t kStackSize = 32 * 1024;

/// A child's stack with a guard page below; kept for the next spawn, since mapping costs more than
/// the spawn itself.
class StackPool {
 public:
  char* take() {
    if (!free_.empty()) {
      char* stack = free_.back();
      free_.pop_back();
      return stack;
    }
    void* memory = ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    ::mprotect(memory, 4096, PROT_NONE);
    return static_cast<char*>(memory);
  }
  void give(char* stack) {
    if (stack == nullptr) return;
    if (free_.size() < kKept && free_.capacity() >= kKept)
      free_.push_back(stack);
    else
      ::munmap(stack, kStackSize);
  }
  StackPool() { free_.reserve(kKept); }

 private:
  static constexpr std::size_t kKept = 64;
  std::vector<char*> free_;
};

StackPool& stack_pool() {
  static StackPool pool;
  return pool;
}

std::vector<char*> pointers(std::vector<std::string>& strings, std::size_t room_in_front = 0) {
  std::vector<char*> list(room_in_front, nullptr);
  list.reserve(strings.size() + room_in_front + 1);
  for (std::string& text : strings) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

struct PendingSpawn::Block {
  SpawnRequest request;
  std::vector<std::string> limit_names;
  std::vector<char*> candidates;
  std::vector<char*> argv;  ///< Two places in front: for "/bin/sh SCRIPT" (see execvp(3)).
  std::vector<char*> environment;
  std::string oom_text;
  ChildOrders orders{};
  char* stack = nullptr;

  void give_orders(const Inherited& inherited, int null_fd, int status_fd);
  ~Block() { stack_pool().give(stack); }
};

PendingSpawn::PendingSpawn() : block_(std::make_unique<Block>()) {}
PendingSpawn::~PendingSpawn() = default;

namespace {

/// The nice value stays as it is. musl's own function refuses.
bool change_policy(int policy) {
  const sched_param none{};
  return ::syscall(SYS_sched_setscheduler, 0, policy, &none) == 0;
}

std::string_view limit_name(int resource) {
  switch (resource) {
    case RLIMIT_FSIZE:
      return "fsize";
    case RLIMIT_DATA:
      return "data";
    case RLIMIT_STACK:
      return "stack";
    case RLIMIT_CORE:
      return "core";
    case RLIMIT_NPROC:
      return "nproc";
    case RLIMIT_NOFILE:
      return "nofile";
    case RLIMIT_MEMLOCK:
      return "memlock";
    case RLIMIT_AS:
      return "as";
    default:
      return "(unknown)";
  }
}

std::string report_text(const ChildReport& report, const SpawnRequest& request) {
  switch (report.stage) {
    case ChildStage::Descriptors:
      return "cannot set up the standard streams";
    case ChildStage::Terminal:
      return "cannot take over the terminal, so there is no job control";
    case ChildStage::Limits:
      return "cannot set limits." + std::string(limit_name(report.detail)) +
             " as wanted, the hard limit counts";
    case ChildStage::Nice:
      return "cannot set limits.nice";
    case ChildStage::IoPriority:
      return "cannot set limits.ioprio";
    case ChildStage::OomScore:
      return "cannot set limits.oom_score_adj";
    case ChildStage::Capabilities:
      return report.detail < 0 ? "cannot set its capabilities"
                               : "cannot give it " + capability_name(report.detail);
    case ChildStage::Groups:
      return "cannot set the groups of user " + request.account->name;
    case ChildStage::User:
      return "cannot become user " + request.account->name;
    case ChildStage::Directory:
      return "cannot change to directory " + request.directory;
    case ChildStage::Privileges:
      return "cannot set no_new_privileges";
    case ChildStage::Exec:
      break;
  }
  return "cannot execute " + (request.argv.empty() ? "the helper" : request.argv.front());
}

}  // namespace

std::variant<PendingSpawn::Unknown, PendingSpawn::Executed, ExecFailure> PendingSpawn::status() {
  for (;;) {
    ChildReport report{};
    const ssize_t n = ::read(status_.get(), &report, sizeof report);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return Unknown{};
    if (n != static_cast<ssize_t>(sizeof report)) return Executed{};
    std::string what = report_text(report, block_->request);
    if (report.fatal == 0) {
      notes_.push_back(with_errno(what, report.error));
      continue;
    }
    const bool nothing_there = report.stage == ChildStage::Exec && report.error == ENOENT;
    if (nothing_there && report.detail > 0)
      what += ": the interpreter that it names is not there";
    else if (nothing_there && block_->request.candidates.size() > 1)
      what += ": it is not in any directory of PATH";
    else
      what = with_errno(what, report.error);
    return ExecFailure{report.error, std::move(what)};
  }
}

/// Lays out for the child what it reads: all of it lives as long as this.
void PendingSpawn::Block::give_orders(const Inherited& inherited, int null_fd, int status_fd) {
  candidates = pointers(request.candidates);
  argv = pointers(request.argv, 2);
  environment = pointers(request.environment);
  if (request.oom_score_adj) oom_text = std::to_string(*request.oom_score_adj);
  orders.candidates = candidates.data();
  orders.searched = !request.argv.empty() && request.argv.front().find('/') == std::string::npos;
  orders.image_fd = request.image_fd;
  orders.argv = argv.data() + 2;
  orders.environment = environment.data();
  orders.directory = request.directory.empty() ? nullptr : request.directory.c_str();
  orders.account = request.account ? &*request.account : nullptr;
  orders.inherited_limits = &inherited.limits;
  orders.inherited_hard = &inherited.hard;
  orders.limits = &request.limits;
  orders.nice = request.nice ? &*request.nice : nullptr;
  orders.ioprio = request.ioprio ? &*request.ioprio : nullptr;
  orders.oom_text = request.oom_score_adj ? oom_text.c_str() : nullptr;
  orders.umask = request.umask ? &*request.umask : nullptr;
  orders.no_new_privileges = request.no_new_privileges;
  orders.dropped = request.dropped;
  orders.ambient = request.ambient;
  orders.takes_terminal = request.takes_terminal;
  orders.streams = {request.stdin_fd >= 0 ? request.stdin_fd : null_fd, request.stdout_fd,
                    request.stderr_fd, request.helper_fd};
  orders.extra_fd = request.extra_fd;
  orders.extra_target = request.extra_target;
  orders.status_fd = status_fd;
  orders.signal_mask = &inherited.signal_mask;
}

void Spawner::rest() {
  if (busy_) busy_ = !change_policy(SCHED_OTHER);
}

Spawner::Spawner(Inherited inherited)
    : inherited_(std::move(inherited)), null_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {}

tl::expected<std::unique_ptr<PendingSpawn>, Spawner::Failure> Spawner::spawn(SpawnRequest request) {
  auto failed = [](int error, std::string_view what) {
    return tl::make_unexpected(Failure{error, with_errno(what, error)});
  };
  auto status = make_nonblocking_pipe();
  if (!status) return tl::make_unexpected(Failure{errno, status.error().message()});

  if (status->write.get() == request.extra_target) {
    // The child's last word must not be overwritten by what it hands on.
    const int moved = ::fcntl(status->write.get(), F_DUPFD_CLOEXEC, request.extra_target + 1);
    if (moved < 0) return failed(errno, "cannot set up a child's status");
    status->write.reset(moved);
  }

  std::unique_ptr<PendingSpawn> pending(new PendingSpawn());
  PendingSpawn::Block& block = *pending->block_;
  block.request = std::move(request);
  block.stack = stack_pool().take();
  if (block.stack == nullptr) return failed(errno, "cannot map a stack for a child");
  block.give_orders(inherited_, null_.get(), status->write.get());
  if (inherited_.ordinary && !busy_) busy_ = change_policy(SCHED_BATCH);
  block.orders.batch = busy_;
  // All signals are blocked in the init for good (it reads them from a signalfd), so no handler
  // can run in the child before it has restored the mask, and there is none to run after.
  const int pid = ::clone(run_child, block.stack + kStackSize, CLONE_VM | SIGCHLD, &block.orders);
  if (pid < 0) return failed(errno, "cannot make a process");
  pending->pid_ = Pid{pid};
  pending->status_ = std::move(status->read);
  return pending;
}

std::vector<std::string> program_candidates(std::string_view program, std::string_view path) {
  std::vector<std::string> candidates;
  if (program.find('/') != std::string_view::npos) {
    candidates.emplace_back(program);
    return candidates;
  }
  for (std::string_view directory : split(path, ':')) {
    if (directory.empty()) continue;
    std::string candidate(directory);
    if (candidate.back() != '/') candidate += '/';
    candidates.push_back(candidate.append(program));
  }
  return candidates;
}

}  // namespace bootsman
