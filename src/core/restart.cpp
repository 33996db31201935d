#include "core/restart.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace bootsman {

std::uint64_t Prng::next() {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31);
}

double Prng::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

void note_end(RestartTrack& track, const RestartPolicy& policy, MonoTime began, MonoTime now) {
  if (now - began >= policy.reset_after) track.streak = 0;
  if (track.streak == 0) track.streak_since = began;
  if (track.streak < ~std::uint32_t{0}) ++track.streak;
}

std::optional<Micros> next_delay(RestartTrack& track, const RestartPolicy& policy, Prng& chance,
                                 Micros floor, MonoTime now) {
  const MonoTime oldest = now - std::min<Micros>(policy.within, now.time_since_epoch());
  std::erase_if(track.recent, [oldest](MonoTime at) { return at < oldest; });
  if (policy.limit > 0) {
    if (track.recent.size() >= policy.limit) return std::nullopt;
    track.recent.push_back(now);
  }
  const auto longest = static_cast<double>(Micros{policy.max_delay}.count());
  const bool first = track.streak <= 1;
  const double grown = first ? static_cast<double>(Micros{policy.delay}.count())
                             : static_cast<double>(track.delay.count()) * policy.factor;
  track.delay = Micros{static_cast<Micros::rep>(std::clamp(grown, 0.0, longest))};
  const double spread = 1.0 + policy.jitter * (2.0 * chance.unit() - 1.0);
  const double drawn = static_cast<double>(track.delay.count()) * std::max(spread, 0.0);
  return std::max(Micros{static_cast<Micros::rep>(drawn)}, floor);
}

std::string streak_text(const RestartTrack& track, MonoTime now) {
  if (track.streak < 2) return {};
  return format(", {} times in {}", track.streak, say_duration(now - track.streak_since));
}

}  // namespace bootsman
