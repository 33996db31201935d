#pragma once

#include <sys/types.h>

#include "sys/fd.h"

namespace bootsman {

/// The terminal that the command may need, as a shell's job control sees it.
class Terminal {
 public:
  /// Finds our controlling terminal; else a terminal among the standard streams, which a session of
  /// the command may make its own; else nothing.
  static Terminal find();

  bool is_controlling() const { return controlling_; }
  /// Whether we lead the session that has it.
  bool is_ours_alone() const;

  /// Gives it up, so that another session can have it.
  void release();
  /// Makes it the controlling terminal of this process, the leader of a session without one.
  void adopt() const;

  /// Whether our own process group is in the foreground.
  bool is_foreground() const;
  bool has_in_foreground(pid_t group) const;
  /// Puts that process group into the foreground. SIGTTOU must be blocked.
  void hand_to(pid_t group) const;
  /// Takes the foreground back from that process group, if it has it.
  void take_back_from(pid_t group) const;

 private:
  UniqueFd own_;  ///< Where /dev/tty was opened.
  int fd_ = -1;
  bool controlling_ = false;
};

}  // namespace bootsman
