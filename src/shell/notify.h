#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/messages.h"
#include "shell/fd_watch.h"
#include "sys/fd.h"

namespace bootsman {

/// Hears what units say of themselves (ready = { notify = true }, health = { watchdog = … },
/// ready = { notify_fd = N }). Each run has a socket, or a pipe, of its own, so that a word of an
/// earlier run is never taken for one of this.
///
/// The sockets are abstract ones (no folder has to be writable). A datagram counts when the kernel
/// says (SCM_CREDENTIALS) that its sender is the run's process, of its session or process group, or
/// one of its descendants. A sender that is gone by the time it is looked at, as `systemd-notify`
/// in a script may be, can't be placed: its datagram counts when its user is the unit's, the init's
/// own or root, for only the unit was told the name of this socket. Descriptors that come along are
/// closed at once, which is also what BARRIER=1 waits for.
class Notify {
 public:
  using Heard = std::function<void(Notified)>;
  Notify(uv_loop_t* loop, Heard heard);
  ~Notify();

  /// What the process of a run gets, beside what every one has.
  struct Offer {
    std::vector<std::string> environment;  ///< "NAME=value"
    UniqueFd fd;                           ///< Becomes `target` in the child.
    int target = -1;
  };
  /// Opens what the unit's checks need; an empty offer when they need nothing.
  Result<Offer> open(const Unit& unit, UnitIndex index, RunId run);
  /// The run's process exists. Until then nothing that was said counts.
  void started(RunId run, Pid leader);

  /// Reads what has been said by now, at most a few datagrams of each run. To be called before
  /// processes are reaped: a sender that is a zombie can still be placed.
  void hear_all();
  /// Ends the hearing of that run; one that is not heard: nothing happens.
  void close(RunId run);

 private:
  struct Ear;
  void hear_socket(Ear& ear);
  void hear_pipe(Ear& ear);
  void hear(Ear& ear);
  Result<void> add(std::shared_ptr<Ear> ear, const Unit& unit, UnitIndex index, RunId run);

  uv_loop_t* loop_;
  Heard heard_;
  std::multimap<RunId, std::shared_ptr<Ear>> ears_;
};

}  // namespace bootsman
