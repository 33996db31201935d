#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/types.h"
#include "plan/plan.h"

namespace bootsman {

/// At most one deadline for each unit, the earliest at hand. A binary heap that knows where each
/// unit stands in it: O(log n) to set, O(1) to ask. Plain data, so that a state can be copied,
/// compared and written down.
class Deadlines {
 public:
  Deadlines() = default;
  explicit Deadlines(std::size_t units);

  /// Replaces the unit's deadline; nothing removes it.
  void set(UnitIndex unit, std::optional<MonoTime> at);
  std::optional<MonoTime> earliest() const;
  /// Any of those whose deadline is the earliest. Only when earliest() has a value.
  UnitIndex first() const { return UnitIndex{heap_.front()}; }

  bool operator==(const Deadlines&) const = default;

 private:
  static constexpr std::uint32_t kNowhere = ~std::uint32_t{0};
  bool before(std::uint32_t a, std::uint32_t b) const;
  void put(std::size_t place, std::uint32_t unit);
  void move_up(std::size_t place);
  void move_down(std::size_t place);

  std::vector<MonoTime> at_;          ///< By unit; meaningful while it stands in the heap.
  std::vector<std::uint32_t> place_;  ///< By unit: its place in the heap, or kNowhere.
  std::vector<std::uint32_t> heap_;   ///< Unit numbers.
};

}  // namespace bootsman
