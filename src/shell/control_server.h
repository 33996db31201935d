#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shell/control_place.h"
#include "shell/event_feed.h"
#include "shell/mounts.h"
#include "shell/own_log.h"
#include "shell/server.h"
#include "shell/sessions.h"
#include "shell/terminals.h"
#include "wire/api.h"

namespace bootsman {

/// The control socket of the running init: who may ask, what is answered at once, and who waits for
/// what. Root and the init's own user may ask; everybody else gets 403.
class ControlServer {
 public:
  using Give = std::function<void(CommandId id, Command what)>;
  using GiveReload = std::function<void(CommandId id)>;

  /// Borrows all; must end before the server's last turn. `give` hands a command to the core.
  ControlServer(HttpServer& server, const Plan& plan, const State& state, const LogRing& ring,
                EventLog& events, const Mounts& mounts, Sessions& sessions,
                Terminals& terminals, OwnLog& own_log, Give give);

  /// Where requests to reload go; without, they are refused.
  void on_reload(GiveReload hook) { give_reload_ = std::move(hook); }
  /// The configuration could not be taken: answers whoever asked.
  void refused(CommandId id, const std::string& why, const std::vector<std::string>& errors);
  /// Another plan is in force: `before` says for each writer of the ring its number until now.
  void renumber(const std::vector<std::optional<std::uint32_t>>& before);
  /// Shown with the units; borrowed.
  void show_changed_files(const std::set<std::string>& files) { changed_files_ = &files; }

  /// Makes the socket and listens. Where that fails the init goes on without, after one warning.
  void open();

  /// What puts the log files aside, and gives back how many.
  void on_rotate_logs(std::function<std::size_t()> rotate) { rotate_logs_ = std::move(rotate); }

  /// Answers whoever gave that command; nothing when they are gone.
  void replied(const Reply& reply);

  /// Answers those who wait for a line or an event that this turn brought. Called at the end of
  /// each turn.
  void after_turn();

 private:
  struct Follower {
    LogQuery query;
    Responder responder;
  };

  Answer answer(const Request& request, const Peer& peer, Responder responder);
  AnswerLater follow(WaitForLogs wait, Responder responder);
  AnswerLater run(ApiCommand command, const Peer& peer, Responder responder);
  CommandId wait_for_reply(const std::string& what, const Peer& peer, Responder responder);
  Answer join(const OpenSession& session, const Peer& peer, Responder responder);
  void note_command(const std::string& text, const Peer& peer);
  ApiView view() const;

  HttpServer& server_;
  const Plan& plan_;
  const State& state_;
  const LogRing& ring_;
  EventLog& events_;
  EventFeed feed_;
  const Mounts& mounts_;
  Sessions& sessions_;
  Terminals& terminals_;
  OwnLog& own_log_;
  Give give_;
  std::function<std::size_t()> rotate_logs_;
  GiveReload give_reload_;
  const std::set<std::string>* changed_files_ = nullptr;
  std::uint64_t commands_ = 0;                  ///< Counts the commands.
  std::map<std::uint64_t, Responder> waiting_;  ///< Who gave the commands under way.
  std::optional<ControlSocket> socket_;
  std::vector<Follower> followers_;
  std::uint64_t seen_ = 0;  ///< The ring's last line when the followers were looked at.
};

}  // namespace bootsman
