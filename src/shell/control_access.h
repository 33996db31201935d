#pragma once

#include "plan/plan.h"
#include "shell/answer.h"

namespace bootsman {

enum class ControlAccess : std::uint8_t { None, Read, All };

/// What this peer may do on the control socket of an init that runs as `own_uid`.
ControlAccess control_access(const Peer& peer, const ControlPlan& plan, std::uint32_t own_uid);

}  // namespace bootsman
