#include "shell/control_access.h"

#include <algorithm>

namespace bootsman {

namespace {

bool is_in(const Peer& peer, const std::optional<std::uint32_t>& group) {
  return group && (peer.gid == *group ||
                   std::ranges::find(peer.groups, *group) != peer.groups.end());
}

}  // namespace

ControlAccess control_access(const Peer& peer, const ControlPlan& plan, std::uint32_t own_uid) {
  if (peer.uid == Peer::kNobody) return ControlAccess::None;
  if (peer.uid == 0 || peer.uid == own_uid) return ControlAccess::All;
  if (is_in(peer, plan.admin_group)) return ControlAccess::All;
  return is_in(peer, plan.reader_group) ? ControlAccess::Read : ControlAccess::None;
}

}  // namespace bootsman
