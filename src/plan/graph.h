#pragma once

#include <cstddef>
#include <vector>

namespace bootsman {

/// What an order has to respect: `edges[n]` are those that stand before n.
using Edges = std::vector<std::vector<std::size_t>>;

struct Order {
  /// All nodes, each behind those it waits for, otherwise by number. Empty when there are cycles.
  std::vector<std::size_t> nodes;
  /// Cycles that share no node, each once: every node waits for the next, the last for the first.
  std::vector<std::vector<std::size_t>> cycles;
};

Order stable_order(const Edges& edges);

}  // namespace bootsman
