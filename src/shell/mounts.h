#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/messages.h"
#include "shell/children.h"
#include "shell/launcher.h"
#include "wire/mount_numbers.h"

namespace bootsman {

/// Runs mount units: each run is a helper (`helper mount`, helper/protocol.h) that is the unit's
/// process, and that is asked whether its mount answers. Never touches a mount itself, never waits.
class Mounts {
 public:
  using Finished = std::function<void(CheckFinished)>;
  using SayLine = std::function<void(UnitIndex, Severity, const std::string&)>;

  /// Borrows all.
  Mounts(uv_loop_t* loop, Launcher& launcher, const UnitEnvironment& environment, int image_fd,
         Finished finished, SayLine say);
  ~Mounts();

  /// Starts a run. The answer as of Launcher::start.
  tl::expected<Pid, Spawner::Failure> start(const Unit& unit, UnitIndex index, RunId run);

  /// Carries a StartCheck out: asks the helper. Answered once, at the latest after the check's
  /// timeout.
  void check(const Unit& unit, const StartCheck& order, MonoTime now);

  /// The run's process is gone: fills in what its helper has said of the end.
  void ended(ProcessEnd& end);

  std::optional<MonoTime> next_deadline() const;
  void tick(MonoTime now);

  /// The plan has changed: each unit's new place, nothing where it was removed.
  void renumber(const std::vector<std::optional<UnitIndex>>& moved);

  /// Of all mounts that have been started, by unit.
  const MountNumbersByUnit& numbers() const { return numbers_; }

 private:
  struct Keeper;
  struct Question {
    StartCheck order;
    std::int64_t number = 0;
    MonoTime deadline;
    Millis timeout;
  };
  void readable(RunId run);
  void read(Keeper& keeper);
  void take(Keeper& keeper, const Value& line);
  void answer(const Question& question, bool ok, std::string why);

  uv_loop_t* loop_;
  Launcher& launcher_;
  const UnitEnvironment& environment_;
  int image_fd_;
  Finished finished_;
  SayLine say_;
  std::int64_t questions_ = 0;
  std::map<std::uint32_t, std::unique_ptr<Keeper>> keepers_;  ///< By unit; of the latest run.
  std::map<std::uint32_t, Question> open_;                    ///< By unit: what was asked.
  MountNumbersByUnit numbers_;
};

}  // namespace bootsman
