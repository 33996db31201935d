#include "plan/graph.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace bootsman {
namespace {

/// Follows, from each node that could not be placed, one edge to another such node until a node
/// comes again: as every one of them waits for another, that must happen.
std::vector<std::vector<std::size_t>> find_cycles(const Edges& edges,
                                                  const std::vector<bool>& placed) {
  enum class Seen : unsigned char { No, OnWalk, Done };
  std::vector<Seen> seen(edges.size(), Seen::No);
  std::vector<std::vector<std::size_t>> cycles;
  for (std::size_t start = 0; start < edges.size(); ++start) {
    if (placed[start]) continue;
    std::vector<std::size_t> walk;
    std::size_t node = start;
    while (seen[node] == Seen::No) {
      seen[node] = Seen::OnWalk;
      walk.push_back(node);
      const auto next =
          std::ranges::find_if(edges[node], [&](std::size_t to) { return !placed[to]; });
      node = *next;
    }
    if (seen[node] == Seen::OnWalk) cycles.emplace_back(std::ranges::find(walk, node), walk.end());
    for (const std::size_t one : walk) seen[one] = Seen::Done;
  }
  return cycles;
}

}  // namespace

Order stable_order(const Edges& edges) {
  std::vector<std::size_t> waits_for(edges.size());
  Edges dependants(edges.size());
  for (std::size_t node = 0; node < edges.size(); ++node) {
    waits_for[node] = edges[node].size();
    for (const std::size_t before : edges[node]) dependants[before].push_back(node);
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free;
  for (std::size_t node = 0; node < edges.size(); ++node)
    if (waits_for[node] == 0) free.push(node);
  Order order;
  std::vector<bool> placed(edges.size(), false);
  while (!free.empty()) {
    const std::size_t node = free.top();
    free.pop();
    order.nodes.push_back(node);
    placed[node] = true;
    for (const std::size_t dependant : dependants[node])
      if (--waits_for[dependant] == 0) free.push(dependant);
  }
  if (order.nodes.size() == edges.size()) return order;
  order.nodes.clear();
  order.cycles = find_cycles(edges, placed);
  return order;
}

}  // namespace bootsman
