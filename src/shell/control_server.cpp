#include "shell/control_server.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "shell/clock.h"
#include "shell/control_access.h"
#include "shell/unit_usage.h"

namespace bootsman {

ControlServer::ControlServer(HttpServer& server, const Plan& plan, const State& state,
                             const LogRing& ring, EventLog& events, const Mounts& mounts,
                             Sessions& sessions, Terminals& terminals, OwnLog& own_log, Give give)
    : server_(server),
      plan_(plan),
      state_(state),
      ring_(ring),
      events_(events),
      feed_(events),
      mounts_(mounts),
      sessions_(sessions),
      terminals_(terminals),
      own_log_(own_log),
      give_(std::move(give)) {}

void ControlServer::open() {
  const bool groups = plan_.control.reader_group || plan_.control.admin_group;
  auto socket = ControlSocket::open(control_places({::geteuid()}), groups);
  if (socket) {
    socket_.emplace(std::move(*socket));
    const auto listening = server_.listen_local(
        socket_->take(), [this](const Request& request, const Peer& peer, Responder responder) {
          return answer(request, peer, std::move(responder));
        });
    if (listening) return;
    socket = fail(listening.error());
    socket_.reset();
  }
  own_log_.say(Severity::Warning,
               "no control socket, so `bootsman status` and the like can't reach this init: " +
                   socket.error().message() + "; set BOOTSMAN_SOCKET or control.enabled = false");
}

ApiView ControlServer::view() const {
  return {plan_, state_, ring_, events_, mono_now(), changed_files_, &mounts_.numbers(),
          wall_clock_us(), [this] {
            std::vector<Pid> leaders;
            for (std::uint32_t i = 0; i < plan_.units.size(); ++i) {
              leaders.push_back(unit_status(plan_, state_, UnitIndex{i}).pid);
            }
            return usage_of(leaders, walk_processes(), UsageScale::of_this_machine());
          }};
}

Answer ControlServer::answer(const Request& request, const Peer& peer, Responder responder) {
  const auto access = control_access(peer, plan_.control, ::geteuid());
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (access == ControlAccess::None || (access == ControlAccess::Read && !reads)) {
    return api_error(403, "cannot answer user " + std::to_string(peer.uid) +
                              (access == ControlAccess::None
                                   ? ": only root, the init's own user, and the groups of "
                                     "control.reader_group and control.admin_group may ask here"
                                   : ": members of control.reader_group may read, and change "
                                     "nothing"));
  }
  // To make one takes as long as to answer a hundred other questions.
  if (request.path == "/v1/logs" && server_.crowded())
    return api_error(503, "cannot show lines now: clients do not take those they asked for");
  auto said = answer_api(request, view());
  if (auto* now = std::get_if<Response>(&said)) return std::move(*now);
  if (auto* wait = std::get_if<WaitForLogs>(&said)) {
    return follow(std::move(*wait), std::move(responder));
  }
  if (auto* watch = std::get_if<WatchEvents>(&said)) {
    return feed_.watch(std::move(watch->query), std::move(responder));
  }
  if (std::holds_alternative<RotateLogs>(said)) {
    note_command("put the log files aside", peer);
    return rotated_response(rotate_logs_ ? rotate_logs_() : 0);
  }
  if (const auto* reload = std::get_if<ApiReload>(&said)) {
    if (!give_reload_) return api_error(409, "cannot reload here");
    give_reload_(wait_for_reply("reload", peer, std::move(responder)));
    return AnswerLater{reload->timeout, reload_overdue(reload->timeout)};
  }
  if (const auto* session = std::get_if<OpenSession>(&said)) {
    return join(*session, peer, std::move(responder));
  }
  if (const auto* attach = std::get_if<AttachTerminal>(&said)) {
    note_command(attach->text, peer);
    return terminals_.attach(attach->unit, attach->size, std::move(responder));
  }
  return run(std::get<ApiCommand>(std::move(said)), peer, std::move(responder));
}

void ControlServer::note_command(const std::string& text, const Peer& peer) {
  const std::string what = text + ", asked for by uid " + std::to_string(peer.uid) + " (pid " +
                           std::to_string(peer.pid) + ")";
  own_log_.say(Severity::Info, "control: " + what);
  events_.add({0, 0, "command", "", "", "", what}, wall_clock_us());
}

Answer ControlServer::join(const OpenSession& session, const Peer& peer, Responder responder) {
  note_command(session.text, peer);
  const Launch none;
  const Launch& launch = session.unit ? plan_[*session.unit].launch : none;
  return sessions_.open(launch, {session.words, session.terminal, session.size, session.term},
                        std::move(responder));
}

CommandId ControlServer::wait_for_reply(const std::string& command, const Peer& peer,
                                        Responder responder) {
  note_command(command, peer);
  const CommandId id{++commands_};
  waiting_.emplace(id.value, std::move(responder));
  return id;
}

AnswerLater ControlServer::run(ApiCommand command, const Peer& peer, Responder responder) {
  AnswerLater later{command.timeout, command_overdue(command)};
  give_(wait_for_reply(command.text, peer, std::move(responder)), std::move(command.what));
  return later;
}

void ControlServer::replied(const Reply& reply) {
  const auto found = waiting_.find(reply.id.value);
  if (found == waiting_.end()) return;
  const auto responder = std::move(found->second);
  waiting_.erase(found);
  responder.answer(command_response(reply));
}

void ControlServer::refused(CommandId id, const std::string& why,
                            const std::vector<std::string>& errors) {
  auto node = waiting_.extract(id.value);
  if (!node.empty()) node.mapped().answer(reload_refused(why, errors));
}

void ControlServer::renumber(const std::vector<std::optional<std::uint32_t>>& before) {
  for (Follower& follower : followers_) {
    std::vector<std::uint32_t> writers;
    for (std::uint32_t i = 0; i < before.size(); ++i) {
      const auto& asked = follower.query.writers;
      if (before[i] && std::ranges::find(asked, *before[i]) != asked.end()) writers.push_back(i);
    }
    // Whose units are all gone gets no more lines, rather than those of all.
    if (writers.empty() && !follower.query.writers.empty())
      writers.push_back(static_cast<std::uint32_t>(before.size() - 1));
    follower.query.writers = std::move(writers);
  }
}

AnswerLater ControlServer::follow(WaitForLogs wait, Responder responder) {
  AnswerLater later{wait.query.wait, log_response(wait.query, view())};
  std::erase_if(followers_, [](const Follower& one) { return !one.responder.wanted(); });
  followers_.push_back({std::move(wait.query), std::move(responder)});
  return later;
}

void ControlServer::after_turn() {
  feed_.after_turn();
  if (followers_.empty() || ring_.last_sequence() == seen_) return;
  seen_ = ring_.last_sequence();
  const auto now = view();
  // Taken out first: an answer may let the same client ask again at once.
  for (Follower& follower : std::exchange(followers_, {})) {
    if (!follower.responder.wanted()) continue;
    if (has_lines(follower.query, now)) {
      follower.responder.answer(log_response(follower.query, now));
    } else {
      followers_.push_back(std::move(follower));
    }
  }
}

}  // namespace bootsman
