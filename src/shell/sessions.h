#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shell/answer.h"
#include "shell/launcher.h"
#include "wire/session_frames.h"

namespace bootsman {

/// What a person wants to run beside the units.
struct SessionQuery {
  std::vector<std::string> words;  ///< Empty: a shell.
  bool terminal = false;
  WindowSize size{24, 80};
  std::string term = "xterm";  ///< $TERM of a terminal.
};

/// The commands that people run in the shape of a unit (its user, directory, environment, limits),
/// each joined to one client by the protocol of wire/session_frames.h. When the client goes, its
/// command gets SIGHUP, with a terminal from the kernel. What neither the client reads nor the
/// command takes waits in the kernel, never here without bounds.
class Sessions {
 public:
  /// At once; beyond, a client gets 429.
  static constexpr std::size_t kMost = 64;

  Sessions(uv_loop_t* loop, Children& children, Launcher& launcher);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  /// Starts the command. The answer to a client that asks for kSessionProtocol.
  Answer open(const Launch& launch, const SessionQuery& query, Responder client);
  /// The command's process has ended.
  void ended(SessionId id, const std::variant<ExitStatus, ExecFailure>& how);
  /// Ends all: the container stops.
  void hang_up();
  std::size_t count() const { return sessions_.size(); }

 private:
  struct Session;
  struct Output;
  using Key = std::uint64_t;

  Result<void> connect(Session& session, const Launch& launch, const SessionQuery& query);
  Result<void> watch(Session& session, Key key);
  StreamEvents events(Key key);
  void received(Key key, std::string_view bytes);
  void take(Session& session, FrameType type, std::string_view payload);
  void write_input(Key key);
  void read_all(Key key);
  void read_output(Session& session, Output& output);
  void finish_if_over(Key key);
  void drop(Key key);
  Session* find(Key key);

  uv_loop_t* loop_;
  Children& children_;
  Launcher& launcher_;
  Key last_ = 0;
  std::map<Key, std::unique_ptr<Session>> sessions_;
  std::array<char, 16 * 1024> buffer_;
};

}  // namespace bootsman
