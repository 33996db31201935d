#include "shell/spawn.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "lib/skip.h"
#include "shell/children.h"
#include "shell/proc_walk.h"
#include "sys/terminal.h"

namespace bootsman {
namespace {

struct Outcome {
  std::string output;
  ExitStatus status;
  std::optional<ExecFailure> failure;
  std::vector<std::string> notes;
};

Inherited plain() {
  Inherited inherited;
  ::sigemptyset(&inherited.signal_mask);
  return inherited;
}

SpawnRequest shell_request(const std::string& script) {
  SpawnRequest request;
  request.argv = {"/bin/sh", "-c", script};
  request.candidates = {"/bin/sh"};
  request.environment = {"PATH=/usr/bin:/bin"};
  return request;
}

/// Spawns, reads all output, waits.
Outcome run(SpawnRequest request, Inherited inherited = plain()) {
  Spawner spawner(std::move(inherited));
  auto pipe = make_log_pipe();
  REQUIRE(pipe);
  ::fcntl(pipe->read.get(), F_SETFL, 0);
  request.stdout_fd = request.stderr_fd = pipe->write.get();
  auto pending = spawner.spawn(std::move(request));
  REQUIRE(pending);
  pipe->write.reset();
  Outcome outcome;
  char buffer[4096];
  for (ssize_t n; (n = ::read(pipe->read.get(), buffer, sizeof buffer)) > 0;)
    outcome.output.append(buffer, static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid((*pending)->pid().value, &status, 0);
  outcome.status = WIFEXITED(status) ? ExitStatus::exited(WEXITSTATUS(status))
                                     : ExitStatus::signaled(WTERMSIG(status));
  const auto fate = (*pending)->status();
  CHECK_FALSE(std::holds_alternative<PendingSpawn::Unknown>(fate));
  if (const auto* failure = std::get_if<ExecFailure>(&fate)) outcome.failure = *failure;
  outcome.notes = (*pending)->notes();
  return outcome;
}

std::string temp_file(const std::string& content, int mode) {
  char path[] = "/tmp/bootsman-spawn-XXXXXX";
  const int fd = ::mkstemp(path);
  REQUIRE(fd >= 0);
  REQUIRE(::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  ::fchmod(fd, static_cast<mode_t>(mode));
  ::close(fd);
  return path;
}

TEST_CASE("spawn: the program runs with its arguments, environment and directory") {
  SpawnRequest request = shell_request("echo \"$A $(pwd)\" >&2; exit 7");
  request.environment.emplace_back("A=one two");
  request.directory = "/usr";
  const Outcome outcome = run(std::move(request));
  CHECK(outcome.output == "one two /usr\n");
  CHECK(outcome.status == ExitStatus::exited(7));
  CHECK_FALSE(outcome.failure);
}

TEST_CASE("spawn: what cannot be executed is told with the reason") {
  const std::string plain_text = temp_file("echo as a script; exit 3\n", 0755);
  const std::string forbidden = temp_file("x", 0600);
  const std::string orphaned = temp_file("#!/no/such/python\n", 0755);
  struct Row {
    const char* name;
    std::string program;
    std::vector<std::string> candidates;
    int shell_code;
    std::string what;
  };
  const Row rows[] = {
      {"not there",
       "/no/such",
       {"/no/such"},
       127,
       "cannot execute /no/such: no such file or directory"},
      {"in no directory of PATH",
       "no-such",
       {"/bin/no-such", "/usr/bin/no-such"},
       127,
       "cannot execute no-such: it is not in any directory of PATH"},
      {"no right to execute",
       forbidden,
       {forbidden},
       126,
       "cannot execute " + forbidden + ": permission denied"},
      {"a directory", "/usr", {"/usr"}, 126, "cannot execute /usr: permission denied"},
      {"without its interpreter",
       orphaned,
       {orphaned},
       127,
       "cannot execute " + orphaned + ": the interpreter that it names is not there"},
      {"without its interpreter, found in PATH",
       "prog",
       {"/no/such", orphaned, "/no/such/either"},
       127,
       "cannot execute prog: the interpreter that it names is not there"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SpawnRequest request = shell_request("");
    request.argv = {row.program};
    request.candidates = row.candidates;
    const Outcome outcome = run(std::move(request));
    REQUIRE(outcome.failure);
    CHECK(outcome.failure->what == row.what);
    CHECK(outcome.failure->shell_code() == row.shell_code);
  }
  SpawnRequest request = shell_request("");
  request.argv = {plain_text};
  request.candidates = {plain_text};
  const Outcome outcome = run(std::move(request));
  CHECK(outcome.output == "as a script\n");
  CHECK(outcome.status == ExitStatus::exited(3));
  ::unlink(plain_text.c_str());
  ::unlink(forbidden.c_str());
  ::unlink(orphaned.c_str());
}

TEST_CASE("spawn: a directory that is not there is named") {
  SpawnRequest request = shell_request("exit 0");
  request.directory = "/no/such/place";
  const Outcome outcome = run(std::move(request));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->what ==
        "cannot change to directory /no/such/place: no such file or directory");
}

TEST_CASE("spawn: a bare name becomes the path that was found") {
  SpawnRequest request = shell_request("");
  request.argv = {"sh", "-c", "echo $0"};
  request.candidates = program_candidates("sh", "/no/such:/bin");
  CHECK(run(std::move(request)).output == "/bin/sh\n");
}

TEST_CASE("spawn: a child gets its own session, default signals, and no descriptor of ours") {
  // As set_up_process() does with what the runner of this test left open.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  const UniqueFd leak(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ::signal(SIGPIPE, SIG_IGN);
  // exec: a shell blocks signals of its own while it forks.
  CHECK(run(shell_request("exec awk '/^SigIgn|^SigBlk/{print $2}' /proc/self/status")).output ==
        "0000000000000000\n0000000000000000\n");
  // 3 is the folder that ls itself reads.
  CHECK(run(shell_request("exec ls /proc/self/fd")).output == "0\n1\n2\n3\n");
  CHECK(run(shell_request("exec awk '{print ($5 == $1), ($6 == $1)}' /proc/self/stat")).output ==
        "1 1\n");
}

TEST_CASE("spawn: limits, umask and niceness reach the program") {
  SpawnRequest request = shell_request("ulimit -n; ulimit -c; umask; nice");
  request.limits = {{RLIMIT_NOFILE, 77}, {RLIMIT_CORE, 0}};
  request.umask = 027;
  request.nice = 5;
  CHECK(run(std::move(request)).output == "77\n0\n0027\n5\n");
}

TEST_CASE("spawn: a soft limit that the init raised for itself is given back") {
  Inherited inherited = plain();
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  inherited.limits = {{RLIMIT_NOFILE, 99}};
  inherited.hard = {limit.rlim_max};
  CHECK(run(shell_request("ulimit -n"), inherited).output == "99\n");
}

TEST_CASE("spawn: the account's user and groups, when we are root") {
  if (::getuid() != 0) return test::skip("only root may become another user");
  SpawnRequest request = shell_request("id -u; id -g; id -G");
  request.account = Account{1101, 1102, {1102, 1103}, "someone", "/", "/bin/sh"};
  CHECK(run(std::move(request)).output == "1101\n1102\n1102 1103\n");
}

/// A field of the program's own /proc/self/status.
std::string status_of(SpawnRequest request, const std::string& field) {
  request.argv[2] = "exec awk '/^" + field + ":/{print $2}' /proc/self/status";
  return run(std::move(request)).output;
}

TEST_CASE("spawn: capabilities are dropped for good, or given to another user") {
  if (::geteuid() != 0 || status_of(shell_request(""), "CapBnd") == "0000000000000000\n")
    return test::skip("needs root with capabilities");
  const CapabilitySet bind = CapabilitySet{1} << 10;
  const std::string none = "0000000000000000\n";
  const std::string only_bind = "0000000000000400\n";
  const Account other{1101, 1102, {1102}, "someone", "/", "/bin/sh"};
  struct Row {
    const char* name;
    bool other_user;
    CapabilitySet dropped;
    CapabilitySet ambient;
    std::string bounding;  // Empty: as it was.
    std::string effective;
  };
  const Row rows[] = {
      {"all dropped, as root", false, kAllCapabilities, 0, none, none},
      {"all but one dropped, as root", false, kAllCapabilities & ~bind, 0, only_bind, only_bind},
      {"nothing asked for, as another user", true, 0, 0, "", none},
      {"one given to another user", true, 0, bind, "", only_bind},
      {"one given to another user, the rest dropped", true, kAllCapabilities & ~bind, bind,
       only_bind, only_bind},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto request = [&] {
      SpawnRequest made = shell_request("");
      if (row.other_user) made.account = other;
      made.dropped = row.dropped;
      made.ambient = row.ambient;
      return made;
    };
    CHECK(status_of(request(), "CapBnd") ==
          (row.bounding.empty() ? status_of(shell_request(""), "CapBnd") : row.bounding));
    CHECK(status_of(request(), "CapEff") == row.effective);
    CHECK(status_of(request(), "CapPrm") == row.effective);
  }
}

TEST_CASE("spawn: a capability that the init lacks is a failure that names it") {
  SpawnRequest request = shell_request("exit 0");
  request.ambient = CapabilitySet{1} << 62;
  const Outcome outcome = run(std::move(request));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->what == "cannot give it capability 62: invalid argument");
}

TEST_CASE(
    "spawn: the I/O priority, the readiness to be killed and no_new_privs reach the program") {
  SpawnRequest request = shell_request(
      "ionice; cat /proc/self/oom_score_adj; awk '/^NoNewPrivs/{print $2}' "
      "/proc/self/status");
  request.ioprio = (2 << 13) | 6;
  request.oom_score_adj = 321;
  request.no_new_privileges = true;
  const Outcome outcome = run(std::move(request));
  CHECK(outcome.output == "best-effort: prio 6\n321\n1\n");
  CHECK(outcome.notes.empty());
}

TEST_CASE("spawn: what can't be set is told, and the program runs without it") {
  if (::geteuid() != 0) return test::skip("needs root to become a user without rights");
  // Somebody without rights, who starts the program: as an init that is not root would.
  const auto pid = ::fork();
  if (pid == 0) {
    if (::setgid(1102) != 0 || ::setuid(1101) != 0) ::_exit(9);
    SpawnRequest request = shell_request("echo runs");
    request.nice = -5;
    request.oom_score_adj = -500;
    request.limits = {{RLIMIT_NOFILE, std::uint64_t{1} << 40}};
    request.ioprio = 1 << 13;
    const Outcome outcome = run(std::move(request));
    std::string all = outcome.output;
    for (const std::string& note : outcome.notes) all += note + "\n";
    ::_exit(all == "runs\n"
                   "cannot set limits.nofile as wanted, the hard limit counts: operation not "
                   "permitted\n"
                   "cannot set limits.oom_score_adj: permission denied\n"
                   "cannot set limits.nice: permission denied\n"
                   "cannot set limits.ioprio: operation not permitted\n"
                ? 0
                : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("spawn: a terminal of its own, of 80 columns and 24 lines, without carriage returns") {
  auto terminal = make_terminal();
  REQUIRE(terminal);
  SpawnRequest request =
      shell_request("tty; stty size; cat /proc/self/stat | cut -d' ' -f7; echo on >/dev/tty");
  request.stdin_fd = request.stdout_fd = request.stderr_fd = terminal->program.get();
  request.takes_terminal = true;
  Spawner spawner(plain());
  auto pending = spawner.spawn(std::move(request));
  REQUIRE(pending);
  int status = 0;
  ::waitpid((*pending)->pid().value, &status, 0);
  CHECK(status == 0);
  // The kernel hands a terminal's output over in its own time, also after the writer's end.
  std::string shown;
  pollfd ours{terminal->ours.get(), POLLIN, 0};
  while (!shown.ends_with("\non\n") && ::poll(&ours, 1, 10'000) > 0) {
    char buffer[4096];
    const ssize_t n = ::read(ours.fd, buffer, sizeof buffer);
    REQUIRE(n > 0);
    shown.append(buffer, static_cast<std::size_t>(n));
  }
  CAPTURE(shown);
  CHECK(shown.starts_with("/dev/pts/"));
  CHECK(shown.find("\n24 80\n") != std::string::npos);
  CHECK(shown.ends_with("\non\n"));
  CHECK(shown.find('\r') == std::string::npos);
}

/// Field 41 of proc_pid_stat(5), of this process and of a child that a shell was.
int policy_of(const std::string& stat) {
  const auto fields = split(std::string_view(stat).substr(stat.rfind(')') + 2), ' ');
  return static_cast<int>(parse_number(fields.at(41 - 3)).value());
}

TEST_CASE("spawn: the init is SCHED_BATCH while it starts processes, and none of them is") {
  Inherited ordinary = plain();
  ordinary.ordinary = true;
  Spawner spawner(ordinary);
  const auto own_policy = [] { return ::sched_getscheduler(0); };
  REQUIRE(own_policy() == SCHED_OTHER);
  REQUIRE(::setpriority(PRIO_PROCESS, 0, 3) == 0);
  auto pipe = make_log_pipe();
  REQUIRE(pipe);
  ::fcntl(pipe->read.get(), F_SETFL, 0);
  std::vector<std::unique_ptr<PendingSpawn>> all;
  for (int i = 0; i < 3; ++i) {
    SpawnRequest request = shell_request("read line < /proc/self/stat; echo \"$line\"");
    request.stdout_fd = request.stderr_fd = pipe->write.get();
    auto pending = spawner.spawn(std::move(request));
    REQUIRE(pending);
    all.push_back(std::move(*pending));
    CHECK(own_policy() == SCHED_BATCH);
  }
  pipe->write.reset();
  spawner.rest();
  CHECK(own_policy() == SCHED_OTHER);
  CHECK(::getpriority(PRIO_PROCESS, 0) == 3);
  std::string said;
  char buffer[4096];
  for (ssize_t n; (n = ::read(pipe->read.get(), buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(n));
  for (const auto& pending : all) ::waitpid(pending->pid().value, nullptr, 0);
  const auto lines = split(std::string_view(said).substr(0, said.size() - 1), '\n');
  REQUIRE(lines.size() == 3);
  for (const std::string_view line : lines) {
    CHECK(policy_of(std::string(line)) == SCHED_OTHER);
    CHECK(line.find(" 23 3 ") != std::string_view::npos);  // Priority and nice value.
  }
  ::setpriority(PRIO_PROCESS, 0, 0);
}

TEST_CASE("spawn: another scheduling policy is the children's too") {
  const sched_param none{};
  REQUIRE(::sched_setscheduler(0, SCHED_BATCH, &none) == 0);
  const Outcome outcome = run(shell_request("read line < /proc/self/stat; echo \"$line\""));
  ::sched_setscheduler(0, SCHED_OTHER, &none);
  CHECK(policy_of(outcome.output) == SCHED_BATCH);
}

TEST_CASE("spawn: program candidates") {
  CHECK(program_candidates("/a/b", "/x:/y") == std::vector<std::string>{"/a/b"});
  CHECK(program_candidates("./b", "/x") == std::vector<std::string>{"./b"});
  CHECK(program_candidates("b", "/x::/y/") == std::vector<std::string>{"/x/b", "/y/b"});
  CHECK(program_candidates("b", "").empty());
}

TEST_CASE("children: of many that are started at once the first are heard of before the last") {
  uv_loop_t loop;
  REQUIRE(uv_loop_init(&loop) == 0);
  constexpr std::uint64_t kMany = 200;
  std::vector<std::uint64_t> executed;
  {
    Children children(&loop, Spawner(plain()), [&](const ChildOwner& owner, const auto&) {
      executed.push_back(std::get<UnitRun>(owner).run.value);
    });
    std::size_t heard_early = 0;
    for (std::uint64_t i = 0; i < kMany; ++i) {
      // As many as fit between two looks, then time for them to become their programs.
      if (i % 16 == 0) ::poll(nullptr, 0, 100);
      SpawnRequest request = shell_request("exec sleep 1000");
      if (i == 5) request.argv = request.candidates = {"/no/such"};
      REQUIRE(children.start(UnitRun{UnitIndex{0}, RunId{i}}, std::move(request)));
      heard_early = executed.size();
    }
    CHECK(heard_early >= kMany / 2);
    children.watch_unheard();
    for (int i = 0; i < 5000 && executed.size() < kMany - 1; ++i) {
      uv_run(&loop, UV_RUN_NOWAIT);
      ::poll(nullptr, 0, 1);
    }
    CHECK(executed.size() == kMany - 1);  // Each once, and not the one that could not.
    std::ranges::sort(executed);
    CHECK(std::ranges::adjacent_find(executed) == executed.end());
    CHECK(std::ranges::find(executed, 5U) == executed.end());
    for (std::uint64_t i = 0; i < kMany; ++i)
      children.signal(UnitRun{UnitIndex{0}, RunId{i}}, Signal{SIGKILL}, KillScope::Process);
    std::vector<Death> deaths;
    for (int i = 0; i < 5000 && deaths.size() < kMany; ++i) {
      for (Death& death : children.reap().deaths) deaths.push_back(std::move(death));
      ::poll(nullptr, 0, 1);
    }
    REQUIRE(deaths.size() == kMany);
    for (const Death& death : deaths)
      CHECK(std::holds_alternative<ExecFailure>(death.how) ==
            (std::get<UnitRun>(death.owner).run.value == 5));
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop) == 0);
}

TEST_CASE("children: deaths come with their owners, orphans are counted, groups watched") {
  uv_loop_t loop;
  REQUIRE(uv_loop_init(&loop) == 0);
  std::vector<std::uint64_t> executed;
  {
    Children children(&loop, Spawner(plain()), [&](const ChildOwner& owner, const auto&) {
      executed.push_back(std::get<UnitRun>(owner).run.value);
    });
    const UnitRun first{UnitIndex{0}, RunId{1}};
    const UnitRun missing{UnitIndex{1}, RunId{2}};
    // The shell leaves a member of its group behind, which ends when it is told to.
    REQUIRE(children.start(first, shell_request("sleep 1000 & exit 5")));
    SpawnRequest nothing = shell_request("");
    nothing.argv = nothing.candidates = {"/no/such"};
    REQUIRE(children.start(missing, std::move(nothing)));
    children.watch_unheard();
    std::vector<Death> deaths;
    std::vector<UnitRun> emptied;
    auto collect = [&] {
      uv_run(&loop, UV_RUN_NOWAIT);
      Children::Reaped reaped = children.reap();
      for (Death& death : reaped.deaths) deaths.push_back(std::move(death));
      emptied.insert(emptied.end(), reaped.emptied.begin(), reaped.emptied.end());
      ::poll(nullptr, 0, 1);
    };
    for (int i = 0; i < 5000 && deaths.size() < 2; ++i) collect();
    REQUIRE(deaths.size() == 2);
    for (const Death& death : deaths) {
      if (death.owner == ChildOwner(first)) {
        CHECK(std::get<ExitStatus>(death.how) == ExitStatus::exited(5));
        CHECK(death.group_left);
        CHECK(death.max_rss > 0);
      } else {
        CHECK(std::get<ExecFailure>(death.how).error == ENOENT);
        CHECK_FALSE(death.group_left);
      }
    }
    CHECK(emptied.empty());
    children.signal(first, Signal{15}, KillScope::Process);
    CHECK(children.reap().emptied.empty());
    children.signal(first, Signal{15}, KillScope::Group);
    for (int i = 0; i < 5000 && emptied.empty(); ++i) collect();
    CHECK(emptied == std::vector<UnitRun>{first});
    CHECK(children.empty());
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop) == 0);
}

TEST_CASE("proc walk: we are there, and our descendants are found") {
  const auto processes = walk_processes();
  bool found = false;
  for (const ProcessInfo& process : processes)
    if (process.pid.value == ::getpid()) found = process.parent.value == ::getppid();
  CHECK(found);
  Spawner spawner(plain());
  auto child = spawner.spawn(shell_request("sleep 1000 & wait"));
  REQUIRE(child);
  for (int i = 0; i < 5000 && descendants_of((*child)->pid()).empty(); ++i) ::poll(nullptr, 0, 1);
  CHECK(descendants_of((*child)->pid()).size() == 1);
  const auto ours = descendants_of(Pid{::getpid()});
  CHECK(std::ranges::find(ours, (*child)->pid(), &ProcessInfo::pid) != ours.end());
  ::kill(-(*child)->pid().value, SIGKILL);
  ::waitpid((*child)->pid().value, nullptr, 0);
}

}  // namespace
}  // namespace bootsman
