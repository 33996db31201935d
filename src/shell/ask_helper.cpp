#include "shell/ask_helper.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

/// All that it says until it closes its end.
Result<std::string> read_answer(int socket, int stop, MonoTime deadline) {
  std::string text;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(deadline - mono_now()).count();
    std::array<pollfd, 2> waits = {pollfd{socket, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
    const int ready = left <= 0 ? 0 : ::poll(waits.data(), waits.size(), static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return fail("it gave no answer in time");
    if (waits[1].revents != 0) return fail("the container is to stop");
    const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > kHelperLineMax) return fail("its answer is too long");
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

Result<Value> ask_helper(const Setup& setup, std::string_view name, const Value& request,
                         std::vector<std::string> environment, Millis timeout) {
  auto pair = make_socketpair();
  if (!pair) return fail(std::move(pair).error());
  SpawnRequest spawn;
  spawn.image_fd = setup.image.get();
  spawn.argv = {"bootsman", "helper", std::string(name)};
  spawn.environment = std::move(environment);
  spawn.helper_fd = pair->second.get();
  if (spawn.image_fd < 0) spawn.candidates = {"/proc/self/exe"};
  Spawner spawner(setup.inherited);
  auto started = spawner.spawn(std::move(spawn));
  if (!started) return fail("cannot start a helper: " + started.error().what);
  pair->second.reset();
  const UniqueFd stop = stop_signals();
  auto sent = send_request(pair->first.get(), to_json(request) + "\n");
  auto text = sent ? read_answer(pair->first.get(), stop.get(), mono_now() + timeout)
                   : Result<std::string>(fail(sent.error()));
  const Pid pid = (*started)->pid();
  if (!text) ::kill(pid.value, SIGKILL);
  // It shares our memory until its exec: one that hangs before that keeps what it needs.
  if (!reap_within(pid, kEndTime)) (void)started->release();
  if (!text)
    return fail("cannot hear from the helper \"" + std::string(name) +
                "\": " + text.error().message());
  return parse_json(*text);
}

}  // namespace bootsman
