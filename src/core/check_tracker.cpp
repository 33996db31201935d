#include "core/check_tracker.h"

#include <algorithm>

namespace bootsman {
namespace {

/// So that a check with `every` of 0 and an answer at once cannot keep the loop busy.
constexpr Millis kShortestRest{10};

}  // namespace

CheckTrack begin_checks(const CheckPlan& plan, MonoTime now) {
  CheckTrack track;
  const auto* watchdog = std::get_if<WatchdogProbe>(&plan.probe);
  const Millis first = watchdog != nullptr ? watchdog->within : plan.initial_delay;
  track.now = CheckTrack::Resting{now + first};
  return track;
}

std::optional<MonoTime> check_deadline(const CheckTrack& track) {
  const auto* resting = std::get_if<CheckTrack::Resting>(&track.now);
  return resting != nullptr ? std::optional(resting->due) : std::nullopt;
}

void begin_probe(CheckTrack& track, MonoTime now) {
  track.now = CheckTrack::Probing{now, false};
}

void note_alive(CheckTrack& track, Millis within, MonoTime now) {
  track.now = CheckTrack::Resting{now + within};
  track.health = Health::Healthy;
}

void note_silence(CheckTrack& track, MonoTime now) {
  track.now = CheckTrack::Probing{now, false};
  track.health = Health::Unhealthy;
}

bool note_result(CheckTrack& track, const CheckPlan& plan, bool ok, const std::string& why,
                 MonoTime now) {
  const auto* probing = std::get_if<CheckTrack::Probing>(&track.now);
  if (probing == nullptr) return false;
  if (probing->outdated) {
    track.now = CheckTrack::Resting{now};
    return false;
  }
  const MonoTime due = std::max<MonoTime>(probing->since + plan.every, now + kShortestRest);
  track.now = CheckTrack::Resting{due};
  if (ok) {
    track.failures = 0;
    track.health = Health::Healthy;
    return true;
  }
  if (track.failures < ~std::uint32_t{0}) ++track.failures;
  track.why = why;
  if (track.failures >= std::max(plan.failures, 1U)) track.health = Health::Unhealthy;
  return true;
}

}  // namespace bootsman
