#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "plan/plan.h"

namespace bootsman {

/// A small generator of chance as plain data (splitmix64): equal seeds give equal histories.
struct Prng {
  std::uint64_t state = 0;
  std::uint64_t next();
  double unit();  ///< In [0, 1).
  bool operator==(const Prng&) const = default;
};

/// What is remembered of a unit's earlier ends, to choose the next delay and to give up.
struct RestartTrack {
  std::uint32_t streak = 0;      ///< Ends in a row, each after a run shorter than `reset_after`.
  MonoTime streak_since{};       ///< When the first run of the streak began.
  Micros delay{0};               ///< The latest delay of the streak, without jitter.
  std::vector<MonoTime> recent;  ///< Restarts within the window of the limit, oldest first.
  bool operator==(const RestartTrack&) const = default;
};

/// Takes in the end of a run, begun at `began`.
void note_end(RestartTrack& track, const RestartPolicy& policy, MonoTime began, MonoTime now);

/// The delay before the next run, never below `floor`; nothing when the limit is reached. Call it
/// after note_end.
std::optional<Micros> next_delay(RestartTrack& track, const RestartPolicy& policy, Prng& chance,
                                 Micros floor, MonoTime now);

/// ", 5 times in 60 s", or nothing for a first end.
std::string streak_text(const RestartTrack& track, MonoTime now);

}  // namespace bootsman
