#include "shell/launcher.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/terminal.h"

namespace bootsman {
namespace {

/// As execvp(3) where PATH is not set.
constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void put(std::vector<EnvVar>& variables, std::string name, std::string value) {
  auto found = std::find_if(variables.begin(), variables.end(),
                            [&](const EnvVar& variable) { return variable.name == name; });
  if (found != variables.end())
    found->value = std::move(value);
  else
    variables.push_back({std::move(name), std::move(value)});
}

std::vector<std::string> to_block(const std::vector<EnvVar>& variables) {
  std::vector<std::string> block;
  block.reserve(variables.size());
  for (const EnvVar& variable : variables) block.push_back(variable.name + "=" + variable.value);
  return block;
}

}  // namespace

UnitEnvironment::UnitEnvironment(std::vector<EnvVar> variables, std::vector<EnvVar> secrets)
    : variables_(std::move(variables)), secrets_(std::move(secrets)) {
  std::erase_if(variables_, [](const EnvVar& variable) {
    return variable.name == "NOTIFY_SOCKET" || variable.name == "WATCHDOG_USEC" ||
           variable.name == "WATCHDOG_PID";
  });
}

void UnitEnvironment::set(std::string name, std::string value) {
  put(variables_, std::move(name), std::move(value));
}

void UnitEnvironment::forget_secret(std::string_view name) {
  for (EnvVar& secret : secrets_)
    if (secret.name == name) ::explicit_bzero(secret.value.data(), secret.value.size());
  std::erase_if(secrets_, [&](const EnvVar& secret) { return secret.name == name; });
}

std::string_view UnitEnvironment::get(std::string_view name) const {
  for (const EnvVar& variable : variables_)
    if (variable.name == name) return variable.value;
  return {};
}

std::string UnitEnvironment::path_of(const Launch& launch) const {
  for (const EnvVar& own : launch.env)
    if (own.name == "PATH") return own.value;
  std::string path;
  for (const std::string& directory : launch.path) path.append(directory).push_back(':');
  const std::string_view rest = get("PATH");
  return path.append(rest.empty() ? kDefaultPath : rest);
}

std::vector<std::string> UnitEnvironment::block_for(const Launch& launch) const {
  std::vector<EnvVar> variables = variables_;
  if (launch.account) {
    if (!launch.account->home.empty()) put(variables, "HOME", launch.account->home);
    if (!launch.account->shell.empty()) put(variables, "SHELL", launch.account->shell);
    if (!launch.account->name.empty()) {
      put(variables, "USER", launch.account->name);
      put(variables, "LOGNAME", launch.account->name);
    }
  }
  for (const EnvVar& secret : secrets_)
    if (std::find(launch.secrets.begin(), launch.secrets.end(), secret.name) !=
        launch.secrets.end())
      put(variables, secret.name, secret.value);
  put(variables, "PATH", path_of(launch));
  for (const EnvVar& own : launch.env) put(variables, own.name, own.value);
  return to_block(variables);
}

std::vector<std::string> UnitEnvironment::block() const {
  return to_block(variables_);
}

SpawnRequest spawn_request(const Launch& launch, const std::vector<std::string>& argv,
                           const UnitEnvironment& environment) {
  SpawnRequest request;
  request.argv = argv;
  request.candidates = program_candidates(argv.front(), environment.path_of(launch));
  request.environment = environment.block_for(launch);
  request.directory = launch.directory;
  request.account = launch.account;
  request.limits = launch.limits;
  request.nice = launch.nice;
  request.oom_score_adj = launch.oom_score_adj;
  request.umask = launch.umask;
  request.no_new_privileges = launch.no_new_privileges;
  request.ioprio = launch.ioprio;
  request.dropped = launch.dropped;
  request.ambient = launch.ambient;
  return request;
}

namespace {

/// Opening /dev/stdout takes a right to the pipe itself: another user's unit would be refused.
void give_to(const Launch& launch, int fd) {
  if (!launch.account) return;
  // Without CAP_CHOWN the unit still writes to the descriptor it inherits.
  if (::fchown(fd, launch.account->uid, launch.account->gid) != 0) return;
}

auto failed(const Error& error) {
  return tl::make_unexpected(Spawner::Failure{EMFILE, error.message()});
}

}  // namespace

tl::expected<Pid, Spawner::Failure> Launcher::start_run(const Unit& unit, UnitIndex index,
                                                        RunId run, SpawnRequest request) {
  auto offer = notify_.open(unit, index, run);
  if (!offer) return failed(offer.error());
  request.environment.insert(request.environment.end(), offer->environment.begin(),
                             offer->environment.end());
  request.extra_fd = offer->fd.get();
  request.extra_target = offer->target;
  auto started = children_.start(UnitRun{index, run}, std::move(request));
  if (started)
    notify_.started(run, *started);
  else
    notify_.close(run);
  return started;
}

tl::expected<Pid, Spawner::Failure> Launcher::start(const Unit& unit, UnitIndex index, RunId run) {
  if (unit.launch.tty) return start_on_terminal(unit, index, run);
  SpawnRequest request = spawn_request(unit.launch, unit.launch.argv, environment_);
  if (unit.kind == UnitKind::Job) request.stdin_fd = 0;
  return start_process(unit, index, run, std::move(request));
}

tl::expected<Pid, Spawner::Failure> Launcher::start_process(const Unit& unit, UnitIndex index,
                                                            RunId run, SpawnRequest request) {
  auto out = make_log_pipe();
  if (!out) return failed(out.error());
  Result<Pipe> err = Pipe{};
  if (!unit.log.merge) err = make_log_pipe();
  if (!err) return failed(err.error());

  request.stdout_fd = out->write.get();
  request.stderr_fd = unit.log.merge ? out->write.get() : err->write.get();
  give_to(unit.launch, request.stdout_fd);
  give_to(unit.launch, request.stderr_fd);
  auto started = start_run(unit, index, run, std::move(request));
  if (!started) return started;
  // Without the streams the unit's output is lost, but it runs: reading fails only without memory
  // or descriptors, and closing the pipe would kill it by SIGPIPE later anyway.
  (void)logs_.open_stream(index, run, StreamKind::Out, std::move(out->read));
  if (err->read) (void)logs_.open_stream(index, run, StreamKind::Err, std::move(err->read));
  return started;
}

tl::expected<Pid, Spawner::Failure> Launcher::start_with_our_terminal(const Unit& unit,
                                                                      UnitIndex index, RunId run) {
  SpawnRequest request = spawn_request(unit.launch, unit.launch.argv, environment_);
  request.stdin_fd = 0;
  request.stdout_fd = 1;
  request.stderr_fd = 2;
  request.takes_terminal = true;
  give_to(unit.launch, 0);
  give_up_terminal();
  return start_run(unit, index, run, std::move(request));
}

tl::expected<Pid, Spawner::Failure> Launcher::start_on_terminal(const Unit& unit, UnitIndex index,
                                                                RunId run) {
  auto terminal = make_terminal();
  if (!terminal) return failed(terminal.error());
  SpawnRequest request = spawn_request(unit.launch, unit.launch.argv, environment_);
  const bool named = std::ranges::any_of(request.environment, [](const std::string& variable) {
    return variable.starts_with("TERM=");
  });
  if (!named) request.environment.emplace_back("TERM=xterm");
  request.stdin_fd = request.stdout_fd = request.stderr_fd = terminal->program.get();
  request.takes_terminal = true;
  give_to(unit.launch, terminal->program.get());
  auto started = start_run(unit, index, run, std::move(request));
  if (!started) return started;
  // The stream owns the init's side for as long as anybody holds the program's.
  (void)logs_.open_stream(index, run, StreamKind::Out, std::move(terminal->ours));
  return started;
}

tl::expected<Pid, Spawner::Failure> Launcher::start_stop_command(const Unit& unit, UnitRun of,
                                                                 Pid main) {
  auto out = make_log_pipe();
  if (!out) return failed(out.error());
  SpawnRequest request = spawn_request(unit.launch, unit.stop.command, environment_);
  request.environment.push_back("MAINPID=" + std::to_string(main.value));
  request.stdout_fd = request.stderr_fd = out->write.get();
  give_to(unit.launch, request.stdout_fd);
  auto started = children_.start(StopCommand{of}, std::move(request));
  if (started) (void)logs_.open_stream(of.unit, of.run, StreamKind::Out, std::move(out->read));
  return started;
}

namespace {

/// The shells to try, in this order. An account that may not log in still has a unit, and its person
/// is root or the init's own user.
std::vector<std::string> shells(const Launch& launch) {
  std::vector<std::string> found;
  if (launch.account) {
    const std::string& own = launch.account->shell;
    if (!own.empty() && !own.ends_with("/nologin") && !own.ends_with("/false")) {
      found.push_back(own);
    }
  }
  found.insert(found.end(), {"/bin/bash", "/bin/sh"});
  return found;
}

}  // namespace

tl::expected<Pid, Spawner::Failure> Launcher::start_session(const Launch& launch,
                                                            const SessionOrder& order,
                                                            SessionId id) {
  SpawnRequest request = spawn_request(
      launch, order.words.empty() ? std::vector<std::string>{"sh"} : order.words, environment_);
  if (order.words.empty()) request.candidates = shells(launch);
  if (order.terminal) {
    std::erase_if(request.environment,
                  [](const std::string& variable) { return variable.starts_with("TERM="); });
    request.environment.push_back("TERM=" + std::string(order.term));
  }
  request.takes_terminal = order.terminal;
  request.stdin_fd = order.in;
  request.stdout_fd = order.terminal ? order.in : order.out;
  request.stderr_fd = order.terminal ? order.in : order.err;
  return children_.start(id, std::move(request));
}

tl::expected<Pid, Spawner::Failure> Launcher::start_check(const Launch& launch,
                                                          const std::vector<std::string>& argv,
                                                          CheckId id) {
  SpawnRequest request = spawn_request(launch, argv, environment_);
  UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  request.stdout_fd = request.stderr_fd = null.get();
  return children_.start(id, std::move(request));
}

}  // namespace bootsman
