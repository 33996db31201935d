#include "shell/helpers.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/json.h"
#include "base/text.h"
#include "helper/protocol.h"
#include "shell/clock.h"

namespace bootsman {
namespace {

/// What a helper may take to end after its SIGKILL.
constexpr Millis kLastMoment{2'000};

}  // namespace

struct Helpers::Helper {
  HelperId id;
  std::string name;
  UniqueFd socket;
  FdWatch watch;
  std::string request;  ///< What is not written yet.
  std::size_t written = 0;
  std::string line;  ///< An answer that has not ended yet.
  MonoTime deadline;
  OnAnswer on_answer;
  OnEnd on_end;
};

Helpers::Helpers(uv_loop_t* loop, Children& children, LogHub& logs, int image_fd)
    : loop_(loop), children_(children), logs_(logs), image_fd_(image_fd) {}
Helpers::~Helpers() = default;

HelperId Helpers::start(std::string_view name, const Value& request,
                        const std::vector<std::string>& environment, MonoTime deadline,
                        OnAnswer on_answer, OnEnd on_end, int stdin_fd) {
  const HelperId id{++last_};
  auto pair = make_socketpair();
  auto output = make_log_pipe();
  if (!pair || !output) {
    on_end((pair ? output.error() : pair.error()).message());
    return id;
  }
  SpawnRequest spawn;
  spawn.image_fd = image_fd_;
  spawn.argv = {"bootsman", "helper", std::string(name)};
  spawn.environment = environment;
  spawn.stdin_fd = stdin_fd;
  spawn.stdout_fd = output->write.get();
  spawn.stderr_fd = output->write.get();
  spawn.helper_fd = pair->second.get();
  if (image_fd_ < 0) spawn.candidates = {"/proc/self/exe"};
  auto helper = std::make_unique<Helper>();
  helper->id = id;
  helper->name = name;
  helper->socket = std::move(pair->first);
  helper->request = to_json(request) + "\n";
  helper->deadline = deadline;
  helper->on_answer = std::move(on_answer);
  helper->on_end = std::move(on_end);
  auto watch = FdWatch::make(loop_, helper->socket.get(), [this, id] { socket_ready(id); });
  if (watch) helper->watch = std::move(*watch);
  // All is ready before there is a process, so that nothing is left half done without memory.
  Helper& known = *helpers_.emplace(id.value, std::move(helper)).first->second;
  const auto started = watch
                           ? children_.start(id, std::move(spawn))
                           : tl::make_unexpected(Spawner::Failure{ENOMEM, watch.error().message()});
  if (!started) {
    finish(id, started.error().what);
    return id;
  }
  (void)logs_.open_own_stream(std::move(output->read));
  write_request(known);
  return id;
}

void Helpers::write_request(Helper& helper) {
  while (helper.written < helper.request.size()) {
    const ssize_t n = ::send(helper.socket.get(), helper.request.data() + helper.written,
                             helper.request.size() - helper.written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return helper.watch.want_writable();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    helper.written += static_cast<std::size_t>(n);
  }
  // The request may hold secrets.
  ::explicit_bzero(helper.request.data(), helper.request.size());
  helper.request.clear();
  ::shutdown(helper.socket.get(), SHUT_WR);
  helper.watch.want_readable();
}

void Helpers::socket_ready(HelperId id) {
  const auto found = helpers_.find(id.value);
  if (found == helpers_.end()) return;
  if (!found->second->request.empty())
    write_request(*found->second);
  else
    read_answers(*found->second);
}

void Helpers::read_answers(Helper& helper) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::recv(helper.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) helper.watch.stop();
      return;
    }
    std::string_view bytes(buffer, static_cast<std::size_t>(n));
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
      helper.line.append(bytes.substr(0, end));
      bytes.remove_prefix(end + 1);
      if (auto answer = parse_json(helper.line)) helper.on_answer(*answer);
      helper.line.clear();
    }
    helper.line.append(bytes);
    if (helper.line.size() > kHelperLineMax) helper.line.clear();
  }
}

void Helpers::hear_all() {
  for (const auto& [id, helper] : helpers_)
    if (helper->request.empty()) read_answers(*helper);
}

void Helpers::extend(HelperId id, MonoTime deadline) {
  const auto found = helpers_.find(id.value);
  if (found != helpers_.end())
    found->second->deadline = std::max(found->second->deadline, deadline);
}

void Helpers::signal(HelperId id, Signal signal) {
  if (helpers_.contains(id.value)) children_.signal(id, signal, KillScope::Process);
}

void Helpers::stop(HelperId id, Signal signal) {
  const auto found = helpers_.find(id.value);
  if (found == helpers_.end()) return;
  const bool certain = signal.value == SIGKILL;
  children_.signal(id, signal, certain ? KillScope::Tree : KillScope::Group);
  if (certain)
    found->second->deadline = std::min(found->second->deadline, mono_now() + kLastMoment);
}

void Helpers::ended(HelperId id, const std::variant<ExitStatus, ExecFailure>& how) {
  const auto found = helpers_.find(id.value);
  if (found == helpers_.end()) return;
  read_answers(*found->second);
  if (const auto* failure = std::get_if<ExecFailure>(&how)) return finish(id, failure->what);
  const ExitStatus status = std::get<ExitStatus>(how);
  if (status.success()) return finish(id, std::nullopt);
  finish(id, "the helper \"" + found->second->name + "\" " + describe(status));
}

void Helpers::finish(HelperId id, std::optional<std::string> problem) {
  auto node = helpers_.extract(id.value);
  node.mapped()->on_end(std::move(problem));
}

std::optional<MonoTime> Helpers::next_deadline() const {
  std::optional<MonoTime> first;
  for (const auto& [id, helper] : helpers_)
    if (!first || helper->deadline < *first) first = helper->deadline;
  return first;
}

void Helpers::tick(MonoTime now) {
  std::vector<HelperId> late;
  for (const auto& [id, helper] : helpers_)
    if (helper->deadline <= now) late.push_back(helper->id);
  for (HelperId id : late) {
    children_.signal(id, Signal{9}, KillScope::Group);
    read_answers(*helpers_.at(id.value));
    finish(id, "the helper \"" + helpers_.at(id.value)->name + "\" gave no answer in time");
  }
}

}  // namespace bootsman
