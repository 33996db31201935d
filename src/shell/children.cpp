#include "shell/children.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

namespace bootsman {
namespace {

bool group_lives(Pid leader) {
  return ::kill(-leader.value, 0) == 0 || errno == EPERM;
}

Micros to_micros(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + Micros(time.tv_usec);
}

ExitStatus to_exit_status(int status) {
  if (WIFSIGNALED(status)) return ExitStatus::signaled(WTERMSIG(status), WCOREDUMP(status));
  return ExitStatus::exited(WEXITSTATUS(status));
}

}  // namespace

std::size_t ChildOwnerHash::operator()(const ChildOwner& owner) const {
  struct Number {
    std::uint64_t operator()(const UnitRun& run) const { return run.run.value; }
    std::uint64_t operator()(const StopCommand& command) const { return command.of.run.value; }
    std::uint64_t operator()(const HelperId& id) const { return id.value; }
    std::uint64_t operator()(const CheckId& id) const { return id.value; }
    std::uint64_t operator()(const SessionId& id) const { return id.value; }
  };
  return static_cast<std::size_t>(std::visit(Number{}, owner) * std::variant_size_v<ChildOwner> +
                                  owner.index());
}

Children::Children(uv_loop_t* loop, Spawner spawner, Executed executed)
    : loop_(loop), spawner_(std::move(spawner)), executed_(std::move(executed)) {}

tl::expected<Pid, Spawner::Failure> Children::start(ChildOwner owner, SpawnRequest request) {
  const bool changes_user = request.account.has_value();
  if (unwatched_.size() >= hear_at_) hear();
  // What may lack memory comes before there is a process: it would be nobody's.
  std::unordered_map<int, Child> place;
  place[0].owner = owner;
  table_.reserve(table_.size() + 1);
  unwatched_.reserve(unwatched_.size() + 1);
  int& number = pids_[owner];
  auto spawned = spawner_.spawn(std::move(request));
  if (!spawned) {
    pids_.erase(owner);
    return tl::make_unexpected(std::move(spawned).error());
  }
  const Pid pid = (*spawned)->pid();
  number = pid.value;
  auto node = place.extract(0);
  node.key() = pid.value;
  Child& child = table_.insert(std::move(node)).position->second;
  child.pending = std::move(*spawned);
  child.changes_user = changes_user;
  unwatched_.push_back(pid);
  return pid;
}

/// Of many that are started in one turn the first have become their programs long before the last:
/// what they needed until then need not be there for all of them at once.
void Children::hear() {
  std::erase_if(unwatched_, [this](Pid pid) { return settle(pid); });
  hear_at_ = unwatched_.size() + kUnheard;
}

void Children::watch_unheard() {
  for (const Pid pid : unwatched_) {
    const auto found = table_.find(pid.value);
    if (found == table_.end()) continue;
    Child& child = found->second;
    if (child.pending == nullptr || child.failure) continue;
    auto watch = FdWatch::make(loop_, child.pending->status_fd(), [this, pid] { settle(pid); });
    if (watch) {
      child.status = std::move(*watch);
      child.status.want_readable();
      continue;
    }
    // Nobody would learn that it runs.
    ::kill(pid.value, SIGKILL);
    child.failure = ExecFailure{ENOMEM, watch.error().message()};
  }
  unwatched_.clear();
  hear_at_ = kUnheard;
  spawner_.rest();
}

/// False when it is not known yet what became of it.
bool Children::settle(Pid pid) {
  auto found = table_.find(pid.value);
  if (found == table_.end()) return true;
  Child& child = found->second;
  if (child.pending == nullptr || child.failure) return true;
  const auto status = child.pending->status();
  if (std::holds_alternative<PendingSpawn::Unknown>(status)) return false;
  // A failure is told by the death that follows, as one fact; the pipe keeps no second copy, so
  // it stays with the child until then.
  child.status.stop();
  if (const auto* failure = std::get_if<ExecFailure>(&status)) {
    child.failure = *failure;
    return true;
  }
  // setuid in a process that shared our memory has turned our dumpable flag off, and with it the
  // owner of our /proc files.
  if (child.changes_user) ::prctl(PR_SET_DUMPABLE, 1);
  child.status = FdWatch();
  const auto pending = std::move(child.pending);
  executed_(child.owner, pending->notes());
  return true;
}

Death Children::death_of(Child& child, Pid pid, int status) {
  Death death;
  death.owner = child.owner;
  death.pid = pid;
  death.how = to_exit_status(status);
  death.group_left = group_lives(pid) || std::ranges::any_of(child.tree, lives);
  death.killed_by_us = child.killed;
  if (child.failure) {
    death.how = *child.failure;
  } else if (child.pending != nullptr) {
    const auto fate = child.pending->status();
    if (const auto* failure = std::get_if<ExecFailure>(&fate)) death.how = *failure;
    if (child.changes_user) ::prctl(PR_SET_DUMPABLE, 1);
    death.lacked = child.pending->notes();
  }
  return death;
}

Children::Reaped Children::reap() {
  Reaped reaped;
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) break;
    const auto found = table_.find(pid);
    if (found == table_.end()) {
      ++reaped.orphans;
      continue;
    }
    Death death = death_of(found->second, Pid{pid}, status);
    death.cpu = to_micros(usage.ru_utime) + to_micros(usage.ru_stime);
    death.max_rss = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    if (const auto* run = std::get_if<UnitRun>(&death.owner); run != nullptr && death.group_left)
      left_groups_.push_back({*run, Pid{pid}, !group_lives(Pid{pid}), found->second.tree});
    if (pid_of(death.owner) == Pid{pid}) pids_.erase(death.owner);
    reaped.deaths.push_back(std::move(death));
    table_.erase(found);
  }
  reaped.emptied = take_emptied();
  return reaped;
}

std::vector<UnitRun> Children::take_emptied() {
  std::vector<UnitRun> emptied;
  std::erase_if(left_groups_, [&](LeftGroup& group) {
    group.group_gone = group.group_gone || !group_lives(group.leader);
    if (!group.group_gone || std::ranges::any_of(group.tree, lives)) return false;
    emptied.push_back(group.owner);
    return true;
  });
  return emptied;
}

std::optional<Pid> Children::pid_of(const ChildOwner& owner) const {
  const auto found = pids_.find(owner);
  if (found == pids_.end() || found->second == 0) return std::nullopt;
  return Pid{found->second};
}

void Children::signal(const ChildOwner& owner, Signal signal, KillScope scope) {
  if (const auto pid = pid_of(owner)) {
    Child& child = table_.at(pid->value);
    child.killed = child.killed || signal.value == SIGKILL;
    if (scope == KillScope::Process) {
      ::kill(pid->value, signal.value);
      return;
    }
    if (scope == KillScope::Tree) signal_tree(child, *pid, signal);
    // A child that has not called setsid yet has no group of its own: then it alone is meant.
    if (::kill(-pid->value, signal.value) != 0) ::kill(pid->value, signal.value);
    return;
  }
  const auto* run = std::get_if<UnitRun>(&owner);
  if (run == nullptr || scope == KillScope::Process) return;
  for (const LeftGroup& group : left_groups_) {
    if (group.owner != *run) continue;
    if (!group.group_gone) ::kill(-group.leader.value, signal.value);
    if (scope != KillScope::Tree) continue;
    for (const SeenProcess& process : group.tree) signal_seen(process, signal);
  }
}

/// The group itself is left to the caller: nobody gets the signal twice.
void Children::signal_tree(Child& child, Pid pid, Signal signal) {
  for (const ProcessInfo& process : descendants_of(pid)) {
    const SeenProcess seen{process.pid, process.started};
    if (process.group == pid || std::ranges::find(child.tree, seen) != child.tree.end()) continue;
    child.tree.push_back(seen);
  }
  for (const SeenProcess& process : child.tree) signal_seen(process, signal);
}

}  // namespace bootsman
