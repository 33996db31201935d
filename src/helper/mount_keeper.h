#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/mount_table.h"
#include "base/types.h"
#include "base/value.h"
#include "helper/channel.h"
#include "helper/mount_request.h"
#include "sys/fd.h"

namespace bootsman {

/// One run of a mount unit, in a process of its own: covers the target, finds out beforehand why the
/// server would refuse, mounts, answers probes, and takes the mount down when it is told to (SIGTERM)
/// or when the program behind it has ended. May hang on a file system; PID 1 never does.
class MountKeeper {
 public:
  /// `socket` is the channel's descriptor, on which PID 1 asks for probes.
  MountKeeper(MountRequest request, Channel& channel, int socket);

  /// Runs to the end of the mount. The exit code: 0 when it was told to end, else 1, said why.
  int run();

 private:
  struct Ending {
    MonoTime lazy_at;  ///< From then on the mount is detached, though files on it are open.
    MonoTime kill_at;  ///< SIGKILL for the program then.
  };
  struct Probe {
    Pid pid;
    std::int64_t number = 0;
    MonoTime since;
  };

  bool set_up();
  bool check_server();
  bool mount();
  bool start_s3fs(const UniqueFd& password);
  void loop();
  void wait();
  void read_signals();
  void read_socket();
  void reap();
  void program_ended(int status);
  void look_at_table();
  void start_probe(std::int64_t number);
  void probe_ended(int status);
  void answer_probe(std::int64_t number, bool ok, const std::string& why, Micros took);
  void start_cache_task();
  void begin_ending();
  void go_on_ending();
  bool gone() const;

  /// The end of a run that was not asked for: tells PID 1 why.
  bool fail_with(const std::string& why, bool hopeless);
  void say(const std::string& text, bool warning);

  MountRequest request_;
  Channel& channel_;
  int socket_;
  std::string target_;             ///< As the mount table has it.
  std::string hint_;               ///< What the server said that may turn out to be the reason.
  bool hint_hopeless_ = false;
  std::vector<int> before_;        ///< Ids of mounts on the target that are not ours.
  std::optional<MountEntry> mounted_;
  bool answered_ = false;          ///< A probe has succeeded.
  std::optional<Pid> program_;
  std::optional<Probe> probe_;
  std::optional<Pid> unmount_task_;
  std::optional<Pid> cache_task_;
  UniqueFd cache_result_;
  std::uint64_t cache_bytes_ = 0;
  MonoTime cache_at_{};
  UniqueFd signals_;
  UniqueFd table_;                 ///< /proc/self/mountinfo, which poll(2) watches.
  std::string line_;               ///< From PID 1, not ended yet.
  std::optional<Ending> ending_;
  std::optional<MonoTime> kill_program_at_;
  std::optional<int> exit_code_;
};

}  // namespace bootsman
