#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/types.h"
#include "plan/plan.h"

namespace bootsman {

/// What is known of a unit's health. "Not yet known" is a state of its own.
enum class Health : std::uint8_t { Unknown, Healthy, Unhealthy };

/// Where one repeated check of one run stands. Between two probes it rests; it never has two under
/// way. The probe's own timeout is the shell's: every probe that was started is answered.
struct CheckTrack {
  struct Resting {
    MonoTime due;  ///< When the next probe starts.
    bool operator==(const Resting&) const = default;
  };
  struct Probing {
    MonoTime since;
    bool outdated = false;  ///< The probe is one of another plan: its answer says nothing.
    bool operator==(const Probing&) const = default;
  };
  std::variant<Resting, Probing> now;
  std::uint32_t failures = 0;  ///< Probes that failed in a row.
  Health health = Health::Unknown;
  std::string why;  ///< Of the latest probe that failed.
  bool operator==(const CheckTrack&) const = default;
};

/// The track of a run that can be checked from `now` on. Of a watchdog: Resting until the unit has
/// been silent for too long, then Probing until its next word.
CheckTrack begin_checks(const CheckPlan& plan, MonoTime now);

/// When the next probe is due; nothing while one is under way.
std::optional<MonoTime> check_deadline(const CheckTrack& track);

/// Notes that a probe was started.
void begin_probe(CheckTrack& track, MonoTime now);

/// Takes in a sign of life for a watchdog.
void note_alive(CheckTrack& track, Millis within, MonoTime now);
/// Takes in that a watchdog heard nothing, or a cry for help.
void note_silence(CheckTrack& track, MonoTime now);

/// Takes in a result. False when it says nothing: no probe is under way (a late or repeated
/// answer), or one of another plan, after which the next is due. Probes start `every` apart, at
/// once when one took longer, never below 10 ms.
bool note_result(CheckTrack& track, const CheckPlan& plan, bool ok, const std::string& why,
                 MonoTime now);

}  // namespace bootsman
