#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/doctor.h"

namespace bootsman {

/// Looks at this container, writing nothing. `env` is the init's; `paths` has each unit's PATH.
DoctorFacts gather_doctor_facts(const Plan& plan, const std::map<std::string, std::string>& env,
                                const std::vector<std::string>& paths);

/// The local ports of sockets that listen, from a text of /proc/net/tcp or tcp6.
std::vector<std::uint16_t> listening_ports(std::string_view proc_net_tcp);

}  // namespace bootsman
