#include "shell/ask_helper.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/json.h"
#include "helper/protocol.h"
#include "shell/clock.h"
#include "shell/spawn.h"

namespace bootsman {
namespace {

constexpr int kContainerStop = 37;  // The runtimes' SIGRTMIN+3.
constexpr Millis kEndTime{2'000};

/// Readable while a stop signal is pending; nobody reads it here, so it stays for the loop.
UniqueFd stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, kContainerStop}) ::sigaddset(&set, signal);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// A request is small against a socket's buffer, but a helper that never reads must not hang us.
Result<void> send_request(int socket, const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t n = ::send(socket, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(with_errno("cannot send a request to a helper", errno));
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  ::shutdown(socket, SHUT_WR);
  return {};
}

/// Waits until one of the descriptors is readable, or the loop has something to do, for `most` at
/// most. Less than 0: an error of poll(2).
int wait_for(std::array<pollfd, 3>& waits, Millis most, uv_loop_t* loop) {
  auto time = static_cast<int>(most.count());
  if (loop != nullptr) {
    uv_run(loop, UV_RUN_NOWAIT);
    const int due = uv_backend_timeout(loop);
    if (due >= 0) time = std::min(time, due);
  }
  return ::poll(waits.data(), waits.size(), time);
}

/// Takes in all that it says until it closes its end. A wait that took longer than it may was a
/// pause of this process, and of the helper as well.
HelperSaid read_answer(int socket, int stop, Millis patience, uv_loop_t* loop) {
  using End = HelperSaid::End;
  constexpr Millis kSlice{500};
  HelperSaid said;
  const auto over = [&](End end, std::string problem) {
    said.end = end;
    said.problem = std::move(problem);
    return std::move(said);
  };
  std::array<char, 16 * 1024> buffer;
  Micros left = patience;
  for (;;) {
    std::array<pollfd, 3> waits = {pollfd{socket, POLLIN, 0}, pollfd{stop, POLLIN, 0},
                                   pollfd{loop != nullptr ? uv_backend_fd(loop) : -1, POLLIN, 0}};
    const MonoTime before = mono_now();
    const int ready = wait_for(waits, kSlice, loop);
    if (ready < 0 && errno != EINTR) return over(End::Failed, with_errno("cannot wait", errno));
    if (ready >= 0 && waits[1].revents != 0) return over(End::Stopping, "the container is to stop");
    const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) {
      left = patience;
      said.text.append(buffer.data(), static_cast<std::size_t>(n));
      if (said.text.size() > kHelperLineMax) return over(End::Failed, "its answer is too long");
      continue;
    }
    if (n == 0 || (errno != EINTR && errno != EAGAIN)) return over(End::Itself, "");
    left -= std::min<Micros>(mono_now() - before, kSlice);
    if (left.count() <= 0) return over(End::Silent, "it gave no answer in time");
  }
}

/// True when it is gone.
bool reap_within(Pid pid, Millis time) {
  const MonoTime deadline = mono_now() + time;
  for (;;) {
    const pid_t ended = ::waitpid(pid.value, nullptr, WNOHANG);
    if (ended == pid.value || (ended < 0 && errno == ECHILD)) return true;
    if (mono_now() >= deadline) return false;
    (void)::poll(nullptr, 0, 2);
  }
}

}  // namespace

HelperSaid hear_helper(const Setup& setup, std::string_view name, const Value& request,
                       std::vector<std::string> environment, Millis patience,
                       uv_loop_t* meanwhile) {
  HelperSaid failed;
  auto pair = make_socketpair();
  if (!pair) {
    failed.problem = pair.error().message();
    return failed;
  }
  SpawnRequest spawn;
  spawn.image_fd = setup.image.get();
  spawn.argv = {"bootsman", "helper", std::string(name)};
  spawn.environment = std::move(environment);
  spawn.helper_fd = pair->second.get();
  if (spawn.image_fd < 0) spawn.candidates = {"/proc/self/exe"};
  Spawner spawner(setup.inherited);
  auto started = spawner.spawn(std::move(spawn));
  if (!started) {
    failed.problem = "cannot start a helper: " + started.error().what;
    return failed;
  }
  pair->second.reset();
  const UniqueFd stop = stop_signals();
  auto sent = send_request(pair->first.get(), to_json(request) + "\n");
  if (!sent) failed.problem = sent.error().message();
  HelperSaid said =
      sent ? read_answer(pair->first.get(), stop.get(), patience, meanwhile) : std::move(failed);
  const Pid pid = (*started)->pid();
  if (said.end != HelperSaid::End::Itself) ::kill(pid.value, SIGKILL);
  // It shares our memory until its exec: one that hangs before that keeps what it needs.
  if (!reap_within(pid, kEndTime)) (void)started->release();
  return said;
}

Result<Value> ask_helper(const Setup& setup, std::string_view name, const Value& request,
                         std::vector<std::string> environment, Millis patience,
                         uv_loop_t* meanwhile) {
  const HelperSaid said =
      hear_helper(setup, name, request, std::move(environment), patience, meanwhile);
  if (said.end == HelperSaid::End::Itself) return parse_json(said.text);
  return fail("cannot hear from the helper \"" + std::string(name) + "\": " + said.problem);
}

}  // namespace bootsman
