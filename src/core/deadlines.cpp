#include "core/deadlines.h"

namespace bootsman {

Deadlines::Deadlines(std::size_t units) : at_(units), place_(units, kNowhere) {}

bool Deadlines::before(std::uint32_t a, std::uint32_t b) const {
  // The unit's number breaks ties, so that equal histories give equal orders.
  return at_[a] != at_[b] ? at_[a] < at_[b] : a < b;
}

void Deadlines::put(std::size_t place, std::uint32_t unit) {
  heap_[place] = unit;
  place_[unit] = static_cast<std::uint32_t>(place);
}

void Deadlines::move_up(std::size_t place) {
  const std::uint32_t unit = heap_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (!before(unit, heap_[parent])) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, unit);
}

void Deadlines::move_down(std::size_t place) {
  const std::uint32_t unit = heap_[place];
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], unit)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, unit);
}

void Deadlines::set(UnitIndex unit, std::optional<MonoTime> at) {
  std::uint32_t place = place_[unit.value];
  if (!at) {
    if (place == kNowhere) return;
    place_[unit.value] = kNowhere;
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (last == unit.value) return;
    put(place, last);
    move_up(place);
    move_down(place_[last]);
    return;
  }
  if (place == kNowhere) {
    place = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back(unit.value);
    place_[unit.value] = place;
  }
  at_[unit.value] = *at;
  move_up(place);
  move_down(place_[unit.value]);
}

std::optional<MonoTime> Deadlines::earliest() const {
  if (heap_.empty()) return std::nullopt;
  return at_[heap_.front()];
}

}  // namespace bootsman
