#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/value.h"
#include "shell/children.h"
#include "shell/log_hub.h"

namespace bootsman {

/// Runs tasks that PID 1 must not do itself, each in a helper process (helper/protocol.h). Never
/// waits: a helper that is late is killed and given up, even when it cannot die.
class Helpers {
 public:
  using OnAnswer = std::function<void(const Value& line)>;
  /// Called once, last: with no problem when the helper came to its end by itself.
  using OnEnd = std::function<void(std::optional<std::string> problem)>;

  Helpers(uv_loop_t* loop, Children& children, LogHub& logs, int image_fd);
  ~Helpers();

  /// `environment` is what the helper itself runs with. The callbacks come in later turns, or at
  /// once where the helper could not be started.
  HelperId start(std::string_view name, const Value& request,
                 const std::vector<std::string>& environment, MonoTime deadline, OnAnswer on_answer,
                 OnEnd on_end, int stdin_fd = -1);

  /// Lets a helper that is known take until `deadline`, where that is later than its own.
  void extend(HelperId id, MonoTime deadline);

  /// Signals a helper that still runs.
  void signal(HelperId id, Signal signal);

  /// Signals a helper's group, to end it; by SIGKILL also all that it has started and that still
  /// runs. Its on_end comes when it did, or soon after SIGKILL, though the kernel may take longer.
  void stop(HelperId id, Signal signal);

  /// Reads what has come of all helpers. What they have said of a program comes before what that
  /// program says, which takes another way.
  void hear_all();

  /// The reaper tells.
  void ended(HelperId id, const std::variant<ExitStatus, ExecFailure>& how);

  std::optional<MonoTime> next_deadline() const;
  void tick(MonoTime now);

 private:
  struct Helper;
  void socket_ready(HelperId id);
  void write_request(Helper& helper);
  void read_answers(Helper& helper);
  void finish(HelperId id, std::optional<std::string> problem);

  uv_loop_t* loop_;
  Children& children_;
  LogHub& logs_;
  int image_fd_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Helper>> helpers_;
};

}  // namespace bootsman
